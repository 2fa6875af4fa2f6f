//! Items: what is sold, once or again and again (HAPI 10.7).

use super::common::{INCLUDE_ACTIVE, INCLUDE_INACTIVE, SEARCH, SUPPLIER};
use super::field::{CUSTOM_FIELDS, Column, Field};
use super::resource::{Example, Operation, Required, Resource, Scopes, Verb};

/// The resource `item`.
pub static ITEM: Resource = Resource {
    name: "item",
    title: "Item",
    plural: "Items",
    group: "Stock",
    description: "A product or service that is sold or billed.",
    path: "/Item",
    list_key: "items",
    scopes: Scopes { read: "read:items", edit: "edit:items" },
    fields: &[
        Field::required_text("name", "Name", "Name of the item."),
        Field::id(
            "assetgroup_id",
            "Item group",
            "Id of an item group; HaloPSA calls it assetgroup_id all the same.",
        ),
        Field::text("description", "Description", "Description of the item.").long(),
        Field::integer("type", "Type", "Number of the type of item."),
        Field::number("baseprice", "Price", "What it is sold for."),
        Field::number("costprice", "Cost", "What it is bought for."),
        Field::boolean("isrecurringitem", "Recurring", "Whether it is billed again and again."),
        Field::number("recurringprice", "Recurring price", "Price for each period."),
        Field::number("recurringcost", "Recurring cost", "Cost for each period."),
        SUPPLIER,
        Field::id("manufacturer_id", "Manufacturer", "Id of a supplier that is a manufacturer."),
        Field::text("supplier_part_code", "Part code", "The supplier's code for it."),
        Field::text("internalreference", "Internal reference", "Your own reference of the item."),
        Field::text("externalreference", "External reference", "Reference of the item at its supplier."),
        Field::id("taxcode", "Tax code", "Id of the tax code."),
        Field::boolean("taxable", "Taxable", "Whether tax is charged on the item."),
        Field::text("nominalcode", "Nominal code", "Account of sales."),
        Field::text("purchasenominalcode", "Purchase nominal code", "Account of purchases."),
        Field::text("accountsid", "Accounts id", "Its id in your accounting system."),
        Field::boolean("dont_track_stock", "Without stock", "Whether its stock is not counted."),
        Field::id("template_id", "Template", "Id of the template that the item is made from."),
        Field::text("note", "Note", "Notes about the item.").long(),
        CUSTOM_FIELDS,
    ],
    required: Required::all(&["name", "assetgroup_id"]),
    filters: &[
        SEARCH,
        INCLUDE_ACTIVE,
        INCLUDE_INACTIVE,
        Field::boolean("recurringonly", "Recurring only", "Only items that are billed again and again."),
        Field::boolean("excluderecurring", "Without recurring", "Only items that are billed once."),
        SUPPLIER,
        Field::id("assetgroup_id", "Item group", "Only items of this item group."),
        Field::boolean(
            "show_not_in_stock",
            "Include out of stock",
            "Whether items out of stock are listed too.",
        ),
    ],
    get_query: &[("includedetails", "true")],
    columns: &[
        Column::integer("id"),
        Column::plain("name"),
        Column::integer("assetgroup_id"),
        Column::plain("assetgroup_name"),
        Column::plain("baseprice"),
        Column::plain("costprice"),
        Column::plain("isrecurringitem"),
        Column::plain("recurringprice"),
        Column::integer("supplier_id"),
        Column::plain("supplier_name"),
        Column::plain("quantity_in_stock"),
        Column::plain("accountsid"),
    ],
    detail_columns: &[
        Column::integer("type"),
        Column::plain("description"),
        Column::plain("supplier_part_code"),
        Column::plain("internalreference"),
        Column::plain("externalreference"),
        Column::plain("recurringcost"),
        Column::integer("taxcode"),
        Column::plain("nominalcode"),
        Column::integer("status"),
        Column::plain("note"),
        Column::custom_fields("customfields"),
    ],
    operations: &[
        Operation {
            verb: Verb::List,
            description: "Lists items, active ones unless you say otherwise.",
            examples: &[
                Example {
                    title: "Every item that is billed again and again",
                    input: r#"{"recurringonly": true, "return_all": true}"#,
                },
                Example { title: "Find an item", input: r#"{"search": "Backup"}"# },
            ],
        },
        Operation {
            verb: Verb::Get,
            description: "Reads one item by its id, with prices, codes and custom fields.",
            examples: &[Example { title: "One item", input: r#"{"id": 2}"# }],
        },
        Operation {
            verb: Verb::Create,
            description: "Makes an item. It needs a name and an item group.",
            examples: &[Example {
                title: "An item",
                input: r#"{"name": "Docking station", "assetgroup_id": 3, "baseprice": 189, "costprice": 120.5}"#,
            }],
        },
        Operation {
            verb: Verb::Update,
            description: "Changes the given fields of an item and leaves the others as they are. Invoices keep the price that they were made with.",
            examples: &[Example { title: "A new price", input: r#"{"id": 2, "baseprice": 42.5}"# }],
        },
        Operation {
            verb: Verb::Delete,
            description: "Deletes an item. HaloPSA may refuse where documents name it.",
            examples: &[Example { title: "Delete an item", input: r#"{"id": 4}"# }],
        },
    ],
    ..Resource::NONE
};
