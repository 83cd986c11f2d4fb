// Readings of this very process.
#ifndef VMB_BENCH_MEASURE_H
#define VMB_BENCH_MEASURE_H

/* Memory that is this process's alone, what malloc holds free included; KiB. */
double measure_private_kib(void);

#endif
