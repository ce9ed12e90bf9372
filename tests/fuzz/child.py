"""A process that reads files, so that a crash or a hang in a library is seen and does not end the tests."""

import multiprocessing
import os
import sys

HANG_S = 20
MOST_MEMORY = 6 << 30
LONGEST = 2000
"""Letters of an error that still is a sentence."""
WRITING = {
    *("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown"),
    *("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "socket.connect"),
}
"""What Python tells its audit hooks of, and a reader does not do."""


class Child:
    """Asks the process and starts it again when it has died."""

    def __init__(self, folder):
        self.folder = folder
        self.tally = {"read": 0, "refused": 0}
        self._start()

    def _start(self):
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, str(self.folder)), daemon=True)
        self._process.start()
        theirs.close()
        assert self._pipe.poll(120)
        self._pipe.recv()

    def check(self, name, content):
        """Let the reader of a kind read bytes, as a file of that name, or a value; fail unless all is in order.

        Returns `read`, or `refused:` with the sentence.
        """
        (self.folder / name).unlink(missing_ok=True)
        if isinstance(content, bytes):
            # A file of its own: an earlier one may still be open.
            (self.folder / name).write_bytes(content)
        before = self._listing()
        self._pipe.send((name, None if isinstance(content, bytes) else content))
        answer = self._answer()
        kind = answer.partition(":")[0]
        assert kind in self.tally, f"{name}: {answer}"
        assert self._listing() == before, f"{name}: files were written"
        (self.folder / name).unlink(missing_ok=True)
        self.tally[kind] += 1
        return answer

    def _answer(self):
        try:
            if self._pipe.poll(HANG_S):
                return self._pipe.recv()
            self._process.kill()
            answer = f"no answer within {HANG_S} s"
        except EOFError:
            self._process.join()
            answer = f"the process died with {self._process.exitcode}"
        self._process.join()
        self._start()
        return answer

    def _listing(self):
        return {(path, path.stat().st_mtime_ns, path.stat().st_size) for path in self.folder.parent.rglob("*")}

    def stop(self):
        self._pipe.send(None)
        self._process.join(5)
        self._process.kill()


def _serve(pipe, folder):
    from kinds import READERS

    os.chdir(folder)
    _limit_memory()
    written = _watch()
    pipe.send("ready")
    for name, value in iter(pipe.recv, None):
        written.clear()
        answer = _outcome(READERS[name], name if value is None else value, name)
        pipe.send(f"it did {written[:3]}, {answer}" if written else answer)


def _outcome(read, argument, name):
    """`read`, `refused:` with one sentence that names the file, or what is wrong."""
    import traceback

    from antpipe.errors import AntpipeError

    try:
        read(argument)
    except AntpipeError as error:
        text = str(error)
        # What is wrong with the files that a configuration names is said of its keys.
        is_named = name.split(".")[0] in text or name.startswith("config")
        if not is_named or len(text) > LONGEST or not text.isprintable():
            return f"unclear error {text[:LONGEST]!r}"
        return f"refused: {text}"
    except BaseException:
        return traceback.format_exc()
    return "read"


def _limit_memory():
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def _watch():
    written = []

    def hook(event, arguments):
        opened = event == "open" and arguments[0] != os.devnull and isinstance(arguments[2], int)
        if event in WRITING or (opened and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
            written.append((event, *map(str, arguments)))

    sys.dont_write_bytecode = True
    sys.addaudithook(hook)
    return written
