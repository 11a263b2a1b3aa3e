import { passePlat } from "@passe-plat/client";

const url = process.env.PASSE_PLAT_URL ?? "http://localhost:8000";
const login = await passePlat(url).POST("/client-api/login", {
  body: { email: "client@passe-plat.example", password: "passe-plat" },
});
if (login.error) throw new Error(login.error.detail);

const { access_token: token, client } = login.data;
const api = passePlat(url, { token, language: "en" });

const menu = await api.GET("/order-api/menu");
const tart = menu.data?.find((dish) => dish.nom === "Tarte aux pommes");
if (!tart) throw new Error(menu.error?.detail ?? "no apple tart today");

const order = await api.POST("/order-api/commandes", {
  body: { clientId: client.id, items: [{ menuId: tart.id, quantite: 2 }] },
});
if (order.data && "totalPrice" in order.data) {
  console.log(`${order.data.totalPrice} €, ${order.data.status}`);
} else if (order.data) {
  // 202: kept while the order service is away. GET /differe/{id} tells what became of it.
  console.log(`${order.data.id}: ${order.data.message}`);
} else if (order.error.status === 503) {
  console.log(`${order.error.detail} Retry after ${order.response.headers.get("Retry-After")} s.`);
} else {
  console.log(order.error.code, order.error.detail);
}
