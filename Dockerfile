# One build for every binary, then one small image for each of the six processes.

FROM rust:1-bookworm AS build
WORKDIR /src
COPY . .
# The profile `release` leaves link-time optimisation out: it builds sooner and runs a little slower.
ARG PROFILE=dist
RUN cargo build --profile $PROFILE --locked \
        -p gateway -p client-service -p order-service -p counter-service -p kitchen-mock -p delivery-mock \
    && mkdir -p /out/data \
    && cd target/$PROFILE && cp gateway client-service order-service counter-service kitchen-mock delivery-mock /out/ \
    && rm -rf /src/target

# What all of them share: trusted certificates for https upstreams, and no root.
FROM debian:bookworm-slim AS runtime
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
USER 10001:10001
STOPSIGNAL SIGTERM

FROM runtime AS gateway
COPY --from=build /out/gateway /usr/local/bin/gateway
# The operator's listener leaves loopback inside the container; docker-compose.yml publishes it on loopback.
ENV GATEWAY_ADMIN_BIND=0.0.0.0:9000
EXPOSE 8000 9000
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s CMD ["gateway", "health"]
ENTRYPOINT ["gateway"]

FROM runtime AS client-service
COPY --from=build /out/client-service /usr/local/bin/client-service
COPY --from=build --chown=10001:10001 /out/data /data
ENV CLIENT_SERVICE_BIND=0.0.0.0:8001 DATABASE_URL=sqlite:///data/clients.db
VOLUME /data
EXPOSE 8001
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s CMD ["client-service", "health"]
ENTRYPOINT ["client-service"]

FROM runtime AS order-service
COPY --from=build /out/order-service /usr/local/bin/order-service
COPY --from=build --chown=10001:10001 /out/data /data
ENV ORDER_SERVICE_BIND=0.0.0.0:8002 DATABASE_URL=sqlite:///data/orders.db
VOLUME /data
EXPOSE 8002
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s CMD ["order-service", "health"]
ENTRYPOINT ["order-service"]

FROM runtime AS counter-service
COPY --from=build /out/counter-service /usr/local/bin/counter-service
COPY --from=build --chown=10001:10001 /out/data /data
ENV COUNTER_SERVICE_BIND=0.0.0.0:8005 DATABASE_URL=sqlite:///data/counter.db
VOLUME /data
EXPOSE 8005
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s CMD ["counter-service", "health"]
ENTRYPOINT ["counter-service"]

FROM runtime AS kitchen-mock
COPY --from=build /out/kitchen-mock /usr/local/bin/kitchen-mock
COPY --from=build --chown=10001:10001 /out/data /data
ENV KITCHEN_MOCK_BIND=0.0.0.0:8003 DATABASE_URL=sqlite:///data/kitchen.db
VOLUME /data
EXPOSE 8003
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s CMD ["kitchen-mock", "health"]
ENTRYPOINT ["kitchen-mock"]

FROM runtime AS delivery-mock
COPY --from=build /out/delivery-mock /usr/local/bin/delivery-mock
COPY --from=build --chown=10001:10001 /out/data /data
ENV DELIVERY_MOCK_BIND=0.0.0.0:8004 DATABASE_URL=sqlite:///data/delivery.db
VOLUME /data
EXPOSE 8004
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s CMD ["delivery-mock", "health"]
ENTRYPOINT ["delivery-mock"]
