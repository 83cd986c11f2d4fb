"""kubectl of the local cluster's programs, against the cluster that $KUBECONFIG names."""
import json
import os
import subprocess

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))


def find():
    script = '. "$0/hack/lib.sh"; . "$0/hack/cluster/parts.sh"; use_bin api; command -v kubectl'
    return subprocess.run(["bash", "-c", script, ROOT], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


class Kubectl:
    def __init__(self, kubeconfig=None):
        self.program = find()
        self.kubeconfig = kubeconfig or os.environ["KUBECONFIG"]

    def __call__(self, *args, stdin=None, check=True):
        env = dict(os.environ, KUBECONFIG=self.kubeconfig)
        done = subprocess.run([self.program, *args], input=stdin, env=env, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        if check and done.returncode:
            raise AssertionError(f"kubectl {' '.join(args)}: {done.stderr}")
        return done.stdout

    def apply(self, *objects):
        self("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))

    def json(self, *args):
        return json.loads(self(*args, "-o", "json"))
