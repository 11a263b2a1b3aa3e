//! Tests that the manifests run the images that the Dockerfile builds.

use std::collections::BTreeSet;

use super::manifests::{
    FOLDER, OVERLAYS, containers, documents, documents_of, images, list, of_kind, ports, text,
};
use super::of_every_pod;
use crate::read;

#[test]
fn each_image_is_a_target_of_the_dockerfile_with_its_user_and_port() {
    let pod = of_every_pod();
    let context = &pod["podSecurityContext"];
    let (user, group) = (&context["runAsUser"], &context["runAsGroup"]);
    let user = format!("\nUSER {user}:{group}\n");
    assert!(read("Dockerfile").contains(&user), "{user}");
    let (base, images) = (documents("base"), images());
    assert_eq!(images.len(), 6, "{images:?}");
    for (name, image) in &images {
        let container = containers(&base, name).next().unwrap();
        assert_eq!(container["image"], format!("passe-plat/{name}"));
        let port = u16::try_from(ports()[name]).unwrap();
        assert!(image.ports.contains(&port), "{name}");
    }
}

#[test]
fn each_volume_is_where_the_image_has_its_file() {
    let base = documents("base");
    let sqlite = documents_of(&format!("{FOLDER}/overlays/demo/sqlite.yaml"));
    let mounts = sqlite.iter().flat_map(list);
    let mounts = mounts.filter_map(|step| step["value"][0]["mountPath"].as_str());
    let mounts: Vec<_> = mounts.collect();
    for (name, image) in images() {
        let volumes: Vec<_> = image.volume.as_deref().into_iter().collect();
        let container = containers(&base, &name).next().unwrap();
        match name.as_str() {
            "gateway" => assert!(volumes.is_empty()),
            "kitchen-mock" | "delivery-mock" => {
                assert_eq!(
                    container["volumeMounts"][0]["mountPath"], volumes[0],
                    "{name}"
                );
            }
            _ => assert_eq!(mounts, volumes, "{name}"),
        }
    }
}

#[test]
fn each_overlay_names_every_image_and_production_this_version() {
    for overlay in OVERLAYS {
        let documents = documents(&format!("overlays/{overlay}"));
        let kustomization = of_kind(&documents, "Kustomization").next().unwrap();
        let rows = || list(&kustomization["images"]);
        let names: BTreeSet<_> = rows().map(|row| text(&row["name"]).to_owned()).collect();
        let expected = images()
            .into_keys()
            .map(|name| format!("passe-plat/{name}"));
        assert_eq!(names, expected.collect(), "{overlay}");
        for row in rows().filter(|_| overlay == "production") {
            assert_eq!(row["newTag"], env!("CARGO_PKG_VERSION"), "{row}");
        }
    }
}

#[test]
fn the_gateway_has_the_memory_that_the_compose_file_gives_it() {
    let base = documents("base");
    let gateway = containers(&base, "gateway").next().unwrap();
    let limit = text(&gateway["resources"]["limits"]["memory"]);
    let row = format!("mem_limit: {}\n", limit.replace("Mi", "m"));
    assert!(read("docker-compose.yml").contains(&row), "{limit}");
}
