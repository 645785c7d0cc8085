"""SQL of students: as they were published last, and the keys that are not simply one child's."""
