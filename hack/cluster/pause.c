/* First process of a pod: holds its namespaces and collects its orphans. Ends on SIGTERM or SIGINT. */
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

int
main(void)
{
    sigset_t signals;
    int signal_number = 0;

    (void)sigfillset(&signals);
    if (sigprocmask(SIG_SETMASK, &signals, NULL)) {
        return 1;
    }
    while (signal_number != SIGTERM && signal_number != SIGINT) {
        if (sigwait(&signals, &signal_number)) {
            return 1;
        }
        while (signal_number == SIGCHLD && waitpid(-1, NULL, WNOHANG) > 0) {
        }
    }
    return 0;
}
