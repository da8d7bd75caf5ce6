"""A report folder is used again after a kill, and never mixed with other files."""

import pytest

from eyespot.attacks.report._folder import PLAN, ReportFolder
from eyespot.errors import AttackError
from eyespot.files import temporary_of


def test_a_temporary_file_of_a_killed_process_does_not_make_the_folder_unusable(tmp_path):
    temporary_of(tmp_path / PLAN).write_bytes(b'{"count"')
    assert ReportFolder(tmp_path, {"count": 3}).rows == []
    assert (tmp_path / PLAN).read_text().strip() == '{"count": 3}'
    assert not temporary_of(tmp_path / PLAN).exists()


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "photo.png").write_bytes(b"")
    with pytest.raises(AttackError, match="has other files"):
        ReportFolder(tmp_path, {})
