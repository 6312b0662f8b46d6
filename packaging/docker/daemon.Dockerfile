# The daemon's image, and that of the commands: docker build -f packaging/docker/daemon.Dockerfile -t fabrica-daemon:1 .
# Without an image registry packaging/imagem-daemon makes the same from Debian's packages.
ARG BASE=python:3.13-slim-trixie

FROM ${BASE} AS construcao
COPY . /fonte
RUN python -m venv /opt/fabrica && /opt/fabrica/bin/pip install --no-cache-dir --disable-pip-version-check /fonte

FROM ${BASE}
# git: specs are read from a repository.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10002 --user-group --home-dir /var/lib/fabrica --shell /usr/sbin/nologin fabrica \
    && install --directory --owner=10002 --group=10002 --mode=0700 /var/lib/fabrica
COPY --from=construcao /opt/fabrica /opt/fabrica
ENV PATH=/opt/fabrica/bin:$PATH HOME=/var/lib/fabrica FABRICA_DADOS=/var/lib/fabrica FABRICA_LOG_FORMATO=json
WORKDIR /var/lib/fabrica
USER 10002:10002
ENTRYPOINT ["fabrica"]
CMD ["daemon"]
