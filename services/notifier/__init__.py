"""The notifier writes to caregivers about crossings that stand, tells partners, and keeps every delivery and attempt on record.

Events come in (schools, students, crossings, holds, plans, responses); e-mails, text messages and webhooks go out. The rooms stand on
floors: partners and letters at the top, then staff mail, templates, delivery, and contacts at the bottom
(docs/explanation/architecture.md).
"""
