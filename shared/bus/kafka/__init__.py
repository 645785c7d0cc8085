"""The bus on Apache Kafka, by aiokafka. Its hazards (`docs/decisions/0006-libraries.md`) are bounded here."""
