// Any text as the pins of the gateway: refused, or some digests.
#include "fuzz.h"

#include "report/gateway_tls.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(freep) char *text = xstrndup(data ? (const char *)data : "", size);
    struct gateway_pins pins = {0};
    AUTO(err_freep) struct err *e = gateway_pins_parse(text, &pins);

    BUG_ON(e ? pins.n != 0 : pins.n == 0 || pins.n > GATEWAY_PINS_MAX);
    return 0;
}
