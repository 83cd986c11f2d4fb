// A key set as an API server publishes it, for fuzz targets. The private halves were thrown away.
#ifndef VMB_FUZZ_TOKEN_KEYS_H
#define VMB_FUZZ_TOKEN_KEYS_H

static const char published_keys[] =
    "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"rsa\",\"use\":\"sig\",\"e\":\"AQAB\",\"n\":\""
    "rjy8Pms8bTiz-TL8vRiZvb-S_Lk7LMRrEuogE9VAqR086y_wZ5Jy4ydROeN9bmtSfuR8RPPv5lgvHaaXu905xzHxL_HST52bNnoZ"
    "6Bdj3M5vhntpGWAzQfl94xFzlJyloN3ZL7VrcHHeFUxVSUH_AiWjui3s0_K2pQ-Ne9Mhn97AhVZH6tE5_4lDUB_tUILJY5Rwql5q"
    "y8g8AOYHhb7U3htnFOV4EiFpUuZR_NurqOwd-rSq97fPuraYVUnDv1GnvxQ8Y3pS9mn3FW8TyVmRTt4h8TnPvx_zsn8x2ksD04F4"
    "xPaJl9lSAuU_pXk-SDtO0OncFKIgRi7HnRc5y7qcqw"
    "\"},{\"kty\":\"EC\",\"kid\":\"ec\",\"use\":\"sig\",\"crv\":\"P-256\",\"x\":"
    "\"2aDWmaiKyRE2cdmO62IRC85nlUwFnf6g6QdeH-1VfJs\","
    "\"y\":\"SBMdyvaHyHJCgnCCzpf6I9gruoYooyT33BviyI_EMEQ\"}]}";

#endif
