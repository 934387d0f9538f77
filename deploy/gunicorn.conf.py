"""Gunicorn in production: threads behind nginx, sized by the environment.

``WEB_CONCURRENCY`` processes × ``WEB_THREADS`` threads; each thread keeps one database connection.
"""

import os

bind = os.environ.get("WEB_BIND", "0.0.0.0:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))

# A process is replaced now and then, so that a slow leak never becomes an outage; the jitter
# keeps the processes from leaving together.
max_requests = 10_000
max_requests_jitter = 2_000

# Counts silence of a process, not the length of a request: a long batch does not trip it.
timeout = 60
graceful_timeout = 30
# Longer than nginx keeps an idle connection (60 s), so that nginx is always the one to close.
keepalive = 75

# The heartbeat file must not wait for a disk.
worker_tmp_dir = "/dev/shm"  # noqa: S108

# No second way to command the server: Docker stops and starts it.
control_socket_disable = True

# Only these addresses may say that the request came by TLS. Compose sets "*": there, nothing but
# nginx can reach the port.
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")

# nginx writes the access log and the application its own events; a third copy tells nothing new.
accesslog = None
errorlog = "-"
loglevel = os.environ.get("LOG_LEVEL", "info").lower()
