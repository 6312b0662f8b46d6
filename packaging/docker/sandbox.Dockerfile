# The sandbox image, for machines that reach an image registry. Without one, packaging/imagem-sandbox builds the same
# from Debian packages. Build context is this folder:
#   docker build --tag fabrica-sandbox:1 --file packaging/docker/sandbox.Dockerfile packaging/docker
FROM debian:bookworm-slim

COPY sandbox.packages /tmp/
RUN apt-get update \
 && xargs apt-get install --yes --no-install-recommends < /tmp/sandbox.packages \
 && rm -rf /var/lib/apt/lists/* /tmp/sandbox.packages

# The user that programs run as, its folder, and no program that could make it another one.
RUN echo 'caixa:x:10001:10001::/caixa:/usr/sbin/nologin' >> /etc/passwd \
 && echo 'caixa:x:10001:' >> /etc/group \
 && mkdir --mode=0755 /caixa \
 && find / -xdev -type f -perm /6000 -exec chmod a-s {} +

USER 10001:10001
WORKDIR /caixa
CMD ["python3"]
