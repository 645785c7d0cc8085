"""SQL of uploads: built (`uploads`), on their way (`sending`), shown (`upload_log`), erased (`retention`, of one student `erasing`)."""
