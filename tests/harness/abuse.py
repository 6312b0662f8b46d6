"""Programs that misuse a sandbox, each a text for its Python. All give up by themselves, should nothing stop them."""

from __future__ import annotations

SPIN = """
import time
end = time.monotonic() + 15
while time.monotonic() < end:
    pass
"""

SLEEP = "import time; time.sleep(15)"

STOP_ITSELF = "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"

IGNORE_SIGNALS = """
import signal, time
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    try:
        signal.signal(number, signal.SIG_IGN)
    except OSError:
        pass
time.sleep(15)
"""

# The argument is a number of MiB, in touched pieces.
EAT_MEMORY = """
import sys
held = [bytearray(b"x") * (1 << 20) for _ in range(int(sys.argv[1]))]
print("survived")
"""

CHILD_EATS_MEMORY = """
import os, sys
child = os.fork()
if child == 0:
    held = [bytearray(b"x") * (1 << 20) for _ in range(int(sys.argv[1]))]
    os._exit(0)
os.waitpid(child, 0)
"""

FILES_EAT_MEMORY = """
import sys
for number in range(int(sys.argv[1])):
    with open(f"file{number}", "wb") as file:
        file.write(b"x" * (1 << 20))
print("survived")
"""

FORK_BOMB = """
import os, time
started = 0
end = time.monotonic() + 10
while time.monotonic() < end and started < 400:
    try:
        if os.fork() == 0:
            time.sleep(15)
            os._exit(0)
        started += 1
    except OSError:
        pass
"""

# Writes a report of its own where the watcher writes its, and looks into the watcher's memory.
FORGE = """
import os
watcher = os.getppid()
for path in (f"/proc/{watcher}/fd/1", f"/proc/{watcher}/fd/0", f"/proc/{watcher}/mem", f"/proc/{watcher}/environ"):
    try:
        with open(path, "r+b", buffering=0) as file:
            print(path)
            file.write(b'34\\n{"event": "report", "sizes": [0]}')
    except OSError:
        pass
raise SystemExit(3)
"""

THREADS = """
import threading
end = threading.Event()
for _ in range(100):
    threading.Thread(target=end.wait, args=[5]).start()
"""

# Leaves its group and its session, and ends its parent, so that nobody of its own kin knows it any more.
ESCAPE = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 3)
        time.sleep(60)
    os._exit(0)
os.wait()
print("main ended")
"""

# Lines to both streams; the argument is how many bytes in all.
YES = """
import os, sys
line = b"y" * 1023 + b"\\n"
for number in range(int(sys.argv[1]) // 1024):
    os.write(1 + number % 2, line)
"""

# Fills the folder named by the first argument with one file of many parts, and says what stopped it.
FILL = """
import errno, os, sys
written = 0
try:
    for number in range(64):
        with open(os.path.join(sys.argv[1], f"part{number}"), "wb", buffering=0) as file:
            for _ in range(4):
                written += file.write(b"x" * (1 << 20))
    print("full", written)
except OSError as error:
    print(errno.errorcode[error.errno], written)
    raise SystemExit(1)
"""

MANY_FILES = """
import errno, os
made = 0
try:
    for made in range(60_000):
        os.close(os.open(f"n{made}", os.O_CREAT | os.O_WRONLY))
    print("all", made)
except OSError as error:
    print(errno.errorcode[error.errno], made)
"""

GIANT_FILE = """
import errno, sys
written = 0
try:
    with open("giant", "wb", buffering=0) as file:
        while written < 64 << 20:
            written += file.write(b"x" * (1 << 20))
    print("all", written)
except OSError as error:
    print(errno.errorcode[error.errno], written)
"""

SPARSE_FILE = """
import errno
try:
    with open("sparse", "wb") as file:
        file.truncate(1 << 40)
    print("all")
except OSError as error:
    print(errno.errorcode[error.errno])
"""

# Prints each of the arguments that could be written to.
WRITE_TO = """
import os, sys
for path in sys.argv[1:]:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT if not os.path.exists(path) else os.O_WRONLY)
        os.write(descriptor, b"1")
        os.close(descriptor)
        print(path)
    except OSError:
        pass
"""

# Prints what could be reached; the arguments are a port of the machine and the engine's socket.
REACH_OUT = """
import socket, sys, threading
port, engine = int(sys.argv[1]), sys.argv[2]
VSOCK, PACKET, NETLINK, ALG = 40, 17, 16, 38

def attempt(name, action):
    try:
        action()
        print(name)
    except OSError:
        pass

def raw(protocol):
    socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol).close()

def ping():
    echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
    echo.sendto(bytes([8, 0, 247, 255, 0, 0, 0, 0]), ("192.0.2.1", 0))

attempt("dns", lambda: socket.getaddrinfo("example.org", 80))
attempt("tcp", lambda: socket.create_connection(("192.0.2.1", 80), 2))
attempt("udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 9)))
attempt("metadata", lambda: socket.create_connection(("169.254.169.254", 80), 2))
attempt("the machine", lambda: socket.create_connection(("127.0.0.1", port), 2))
attempt("icmp raw", lambda: raw(socket.IPPROTO_ICMP))
attempt("icmp", ping)
attempt("vsock", lambda: socket.socket(VSOCK, socket.SOCK_STREAM))
attempt("packet", lambda: socket.socket(PACKET, socket.SOCK_RAW))
attempt("netlink", lambda: socket.socket(NETLINK, socket.SOCK_RAW))
attempt("alg", lambda: socket.socket(ALG, socket.SOCK_SEQPACKET))
attempt("engine", lambda: socket.socket(socket.AF_UNIX).connect(engine))
"""

LOOPBACK = """
import socket, threading
server = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=lambda: server.accept()[0].sendall(b"hello")).start()
print(socket.create_connection(server.getsockname(), 5).recv(5).decode())
"""

# Prints the name of each system call that was not refused.
FORBIDDEN_CALLS = """
import ctypes, os, struct
libc = ctypes.CDLL(None, use_errno=True)
column = 0 if os.uname().machine == "x86_64" else 1
calls = {
    "unshare user": ((272, 97), 0x10000000), "unshare net": ((272, 97), 0x40000000),
    "mount": ((165, 40), b"none", b"/tmp", b"tmpfs", 0, None), "setns": ((308, 268), 0, 0),
    "ptrace": ((101, 117), 16, os.getppid(), 0, 0), "bpf": ((321, 280), 0, None, 0),
    "keyctl": ((250, 219), 0, -3, 1), "io_uring": ((425, 425), 8, bytes(120)),
    "userfaultfd": ((323, 282), 1), "perf": ((298, 241), bytes(128), 0, -1, -1, 0),
    "clone3": ((435, 435), bytes(88), 88), "limits of another": ((302, 261), 1, 0, None, bytes(16)),
}
for name, (numbers, *arguments) in calls.items():
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    if libc.syscall(ctypes.c_long(numbers[column]), *words) >= 0:
        print(name)
NEW_USER, SIGCHLD = 0x10000000, 17
child = libc.syscall(ctypes.c_long((56, 220)[column]), ctypes.c_long(NEW_USER | SIGCHLD), 0, 0, 0, 0)
if child == 0:
    os._exit(0)
if child > 0:
    print("clone user")
"""

# Prints who it is and what it may.
PRIVILEGES = """
import os
names = ("CapEff", "CapPrm", "NoNewPrivs")
print(os.getresuid(), *(line.split()[1] for line in open("/proc/self/status") if line.startswith(names)))
"""

# Looks for a word, whose hyphens are underscores here, in what is readable of other processes and of the machine.
SEARCH = """
import glob, sys
word = sys.argv[1].replace("_", "-").encode()
for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/etc/*"):
    try:
        with open(path, "rb") as file:
            if word in file.read(1 << 20):
                print(path)
    except OSError:
        pass
"""

# Everything that is no plain file of its own, beside one that is.
ODD_FILES = """
import os, socket
os.mkdir("out")
with open("out/good", "w") as file:
    file.write("good")
os.symlink("/etc/passwd", "out/link")
os.symlink("good", "out/near_link")
os.link("out/good", "out/hard")
with open("out/single", "w") as file:
    file.write("single")
os.mkfifo("out/pipe")
os.mkdir("out/folder")
os.symlink("/etc", "away")
socket.socket(socket.AF_UNIX).bind("out/socket")
"""

# Files of holes: the last argument is their size, the others are their names.
HOLLOW_FILES = """
import sys
for name in sys.argv[1:-1]:
    with open(name, "wb") as file:
        file.truncate(int(sys.argv[-1]))
"""

SIGNAL_WATCHER = """
import os, signal
watcher = os.getppid()
for number in (signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
    for target in (watcher, -watcher):
        try:
            os.kill(target, number)
        except OSError:
            pass
print("done")
"""

# Half characters, zeros, colours, and a long line.
ODD_OUTPUT = """
import os
os.write(1, b"\\x1b[31mred\\x1b[0m \\x00 \\xff\\xfe \\xe2\\x82")
os.write(2, b"x" * (10 << 20))
"""

LEAVE_TRACES = """
import os, sys
for folder in (".", os.environ["TMPDIR"], "/tmp", "/dev/shm", "/var/tmp"):
    try:
        with open(os.path.join(folder, sys.argv[1]), "w") as file:
            file.write("trace")
    except OSError:
        pass
"""

FIND_TRACES = """
import os, sys
for folder in (".", os.environ["TMPDIR"], "/tmp", "/dev/shm", "/var/tmp"):
    if os.path.exists(os.path.join(folder, sys.argv[1])):
        print(folder)
"""

CLOSED_FOLDERS = """
import os
os.makedirs("closed/inner")
open("closed/inner/file", "w").close()
os.chmod("closed/inner", 0)
os.chmod("closed", 0)
os.symlink("/", "root")
for _ in range(1000):
    os.mkdir("d")
    os.chdir("d")
"""
