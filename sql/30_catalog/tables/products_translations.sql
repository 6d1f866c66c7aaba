-- Products in other languages. What stands in products, categories, attributes and options is in
-- the language of the business; a translation says the same in another one.

create table catalog.product_translations (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    locale text not null,
    -- What it translates: one of these.
    product_id uuid,
    category_id uuid,
    attribute_id uuid,
    option_id uuid,
    name text not null,
    description text,
    -- Of an option or an attribute: the word for each value, such as {"red": "rouge"}.
    value_names jsonb not null default '{}',
    subject_id uuid generated always as (
        coalesce(product_id, category_id, attribute_id, option_id)
    ) stored,

    constraint product_translations_business_id_id_unique unique (business_id, id),
    constraint product_translations_locale_unique
    unique nulls not distinct (
        business_id, product_id, category_id, attribute_id, option_id, locale
    ),
    constraint product_translations_product_fkey foreign key (business_id, product_id)
    references catalog.products (business_id, id) on delete cascade,
    constraint product_translations_category_fkey foreign key (business_id, category_id)
    references catalog.product_categories (business_id, id) on delete cascade,
    constraint product_translations_attribute_fkey foreign key (business_id, attribute_id)
    references catalog.product_attributes (business_id, id) on delete cascade,
    constraint product_translations_option_fkey foreign key (business_id, option_id)
    references catalog.product_options (business_id, id) on delete cascade,
    constraint product_translations_translate_one_thing check (
        num_nonnulls(product_id, category_id, attribute_id, option_id) = 1
        or private.invalid(
            'product_id, category_id, attribute_id and option_id', 'must have one value in all'
        )
    ),
    constraint product_translations_locale_is_a_language_tag check (
        locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'
        or private.invalid('locale', 'must be a language tag, such as en or de-AT')
    ),
    constraint product_translations_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint product_translations_description_is_of_a_product check (
        description is null
        or product_id is not null
        and length(description) <= 5000
        and not private.has_control_characters(description)
        or private.invalid(
            'description', 'must have at most 5000 printable characters, and only a product has one'
        )
    ),
    constraint product_translations_value_names_are_texts check (
        jsonb_typeof(value_names) = 'object'
        and not jsonb_path_exists(value_names, 'strict $.* ? (@.type() != "string")')
        and length(value_names::text) <= 10000
        or private.invalid('value_names', 'must be a JSON object of at most 10000 bytes with texts')
    )
);
comment on table catalog.product_translations is
'Names and descriptions of products, categories, attributes and options in other languages.';
-- The texts of a subject in every language.
create index product_translations_subject_idx
on catalog.product_translations (business_id, subject_id);
create index product_translations_product_idx
on catalog.product_translations (business_id, product_id) where product_id is not null;
create index product_translations_category_idx
on catalog.product_translations (business_id, category_id) where category_id is not null;
create index product_translations_attribute_idx
on catalog.product_translations (business_id, attribute_id) where attribute_id is not null;
create index product_translations_option_idx
on catalog.product_translations (business_id, option_id) where option_id is not null;
