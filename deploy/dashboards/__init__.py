"""The dashboards for Grafana, written in Python against the catalogue of metrics; `python -m deploy.dashboards` writes their JSON."""
