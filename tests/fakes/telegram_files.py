"""The files people send over Telegram in a test, as the Bot API tells of them."""

from typing import Any, Literal

FileKind = Literal["photo", "document", "voice", "sticker", "video", "video_note", "audio"]

FILES: dict[FileKind, Any] = {
    "photo": [
        {"file_id": "photo-small", "file_unique_id": "ps", "width": 90, "height": 60, "file_size": 1200},
        {"file_id": "photo-large", "file_unique_id": "pl", "width": 1280, "height": 853, "file_size": 98_000},
    ],
    "document": {
        "file_id": "document-1",
        "file_unique_id": "d1",
        "file_name": "báo cáo.pdf",
        "mime_type": "application/pdf",
        "file_size": 4096,
    },
    "voice": {
        "file_id": "voice-1",
        "file_unique_id": "v1",
        "duration": 3,
        "mime_type": "audio/ogg",
        "file_size": 9000,
    },
    "sticker": {
        "file_id": "sticker-1",
        "file_unique_id": "s1",
        "type": "regular",
        "width": 512,
        "height": 512,
        "is_animated": False,
        "is_video": False,
        "emoji": "👍",
        "file_size": 20_000,
    },
    "video": {
        "file_id": "video-1",
        "file_unique_id": "vi1",
        "width": 640,
        "height": 360,
        "duration": 5,
        "mime_type": "video/mp4",
        "file_size": 500_000,
    },
    "video_note": {"file_id": "note-1", "file_unique_id": "n1", "length": 240, "duration": 4, "file_size": 70_000},
    "audio": {
        "file_id": "audio-1",
        "file_unique_id": "a1",
        "duration": 60,
        "file_name": "ghi âm.mp3",
        "mime_type": "audio/mpeg",
        "file_size": 900_000,
    },
}


def known() -> dict[str, dict[str, Any]]:
    """Every file a bot may ask for, by its file_id."""
    files = [file for kind in FILES.values() for file in (kind if isinstance(kind, list) else [kind])]
    return {file["file_id"]: file for file in files}
