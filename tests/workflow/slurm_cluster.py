"""A real Slurm on this one computer, with two fake GPUs, for as long as a test needs it."""

import contextlib
import os
import secrets
import shutil
import socket
import stat
import subprocess
import time
from pathlib import Path

PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue", "sinfo")
CONFIGURATION = Path("/etc/slurm")
"""Slurm's own place: job steps look nowhere else."""

SLURM_CONF = """
ClusterName=antpipe
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=26817
SlurmdPort=26818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge/socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=2,sched_min_interval=0,bf_interval=2
MpiDefault=none
ReturnToService=2
MinJobAge=300
SlurmdParameters=config_overrides
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:2 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def why_not():
    """Why Slurm cannot run here; empty where it can."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        return f"{', '.join(missing)} not installed (Debian: apt install slurmctld slurmd slurm-client munge)"
    if os.geteuid() != 0:
        return "starting Slurm needs root"
    if any((CONFIGURATION / name).exists() for name in ("slurm.conf", "gres.conf")):
        return f"{CONFIGURATION} holds the configuration of a cluster"
    return ""


@contextlib.contextmanager
def slurm(folder: Path):
    """A cluster of this computer with the partition `main`."""
    for name in ("state", "spool", "log", "munge", "dev"):
        (folder / name).mkdir(parents=True)
    folder.chmod(0o755)
    (folder / "munge").chmod(0o711)
    write_configuration(folder)
    links = [CONFIGURATION / name for name in ("slurm.conf", "gres.conf")]
    CONFIGURATION.mkdir(exist_ok=True)
    try:
        for link in links:
            # A test that was killed may have left one that leads nowhere.
            link.unlink(missing_ok=True)
            link.symlink_to(folder / link.name)
        start(folder)
        yield
    finally:
        stop(folder)
        for link in links:
            link.unlink(missing_ok=True)


def write_configuration(folder):
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    # More processors than there are, because rules ask for more than a small computer has.
    values = {"host": socket.gethostname().split(".")[0], "folder": folder, "cpus": 32}
    (folder / "slurm.conf").write_text(SLURM_CONF.format(**values, memory=int(pages * 0.9)))
    for number in (0, 1):
        # A character device is wanted; its last digit becomes the GPU's number.
        device = folder / "dev" / f"fakegpu{number}"
        try:
            os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        except PermissionError:
            device.symlink_to("/dev/null")
    (folder / "gres.conf").write_text(f"Name=gpu File={folder}/dev/fakegpu[0-1]\n")
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o400)


def start(folder):
    munge = folder / "munge"
    files = {"key-file": folder / "munge.key", "socket": munge / "socket", "seed-file": munge / "seed"}
    files |= {"pid-file": folder / "munged.pid", "log-file": folder / "log" / "munged.log"}
    subprocess.run(["munged", *(f"--{name}={path}" for name, path in files.items()), "--force"], check=True)
    subprocess.run(["slurmctld", "-f", folder / "slurm.conf"], check=True)
    subprocess.run(["slurmd", "-f", folder / "slurm.conf"], check=True)
    for _ in range(300):
        state = subprocess.run(["sinfo", "-h", "-o", "%T"], capture_output=True, text=True, check=False).stdout
        if state.startswith("idle"):
            return
        time.sleep(0.1)
    logs = "\n".join(path.read_text()[-2000:] for path in (folder / "log").iterdir())
    raise RuntimeError(f"Slurm did not start:\n{logs}")


def stop(folder):
    for name in ("slurmd", "slurmctld", "munged"):
        pid_file = folder / f"{name}.pid"
        if not pid_file.exists() or not (text := pid_file.read_text().strip()):
            continue
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(text), 15)
            for _ in range(100):
                time.sleep(0.1)
                os.kill(int(text), 0)
            os.kill(int(text), 9)
