"""Files and classes that are too large are found, and the list of known ones can only shrink."""

from devstack.sizes import CLASS_LINES, FILE_LINES, faults, too_large


def test_a_long_file_a_long_class_and_a_class_of_many_methods_are_found() -> None:
    methods = "\n".join(f"    def method_{n}(self): ..." for n in range(21))
    body = "\n".join(f"    field_{n} = {n}" for n in range(CLASS_LINES))
    text = f"class Many:\n{methods}\n\nclass Long:\n{body}\n"
    text += "x = 1\n" * (FILE_LINES - len(text.splitlines()))
    assert too_large("a.py", text) == {"a.py:Many methods": 21, "a.py:Long lines": CLASS_LINES + 1}
    assert too_large("a.py", text + "x = 1\n")["a.py"] == FILE_LINES + 1
    assert too_large("a.css", "a {}\n" * FILE_LINES) == {}


def test_a_new_entry_a_larger_one_and_one_no_longer_needed_each_fail() -> None:
    known = {"old.py": 450, "shrunk.py": 500, "gone.py": 410}
    measured = {"old.py": 451, "new.py": 401, "shrunk.py": 420}
    said = faults(measured, known)
    assert [sentence.split(":")[0] for sentence in said] == ["new.py", "old.py", "gone.py", "shrunk.py"]
    assert faults({"old.py": 450}, {"old.py": 450}) == []
