-- What a business says about its products, such as the colour or the length: attributes with a
-- type. An attribute holds for the products of a category and of all categories below it, or for
-- every product of the business. Where two have the same key, the one nearer to the category of the
-- product holds.

create type catalog.attribute_kind as enum ('text', 'number', 'yes_no', 'choice', 'date');

/*
 * Are these the choices of an attribute of a kind? A choice has some; another kind has none.
 */
create function catalog.are_attribute_choices(kind catalog.attribute_kind, choices text[])
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case kind when 'choice' then catalog.are_option_values(choices) else choices = '{}' end;
end;
$$;
grant execute on function catalog.are_attribute_choices(catalog.attribute_kind, text[])
to authenticated, service_role;

create table catalog.product_attributes (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- Null: every product of the business has it.
    category_id uuid,
    -- Under which products keep its value.
    key text not null,
    name text not null,
    kind catalog.attribute_kind not null,
    -- In which a number is measured, such as cm.
    unit text,
    choices text array not null default '{}',
    is_required boolean not null default false,
    position integer not null default 0,
    created_at timestamptz not null default now(),

    constraint product_attributes_business_id_id_unique unique (business_id, id),
    constraint product_attributes_key_unique
    unique nulls not distinct (business_id, category_id, key),
    constraint product_attributes_category_fkey foreign key (business_id, category_id)
    references catalog.product_categories (business_id, id) on delete cascade,
    constraint product_attributes_key_is_a_name check (
        key ~ '^[a-z][a-z0-9_]{0,49}$'
        or private.invalid(
            'key', 'must begin with a letter and have 1 to 50 of a to z, 0 to 9 and _'
        )
    ),
    constraint product_attributes_name_is_short check (
        length(btrim(name)) between 1 and 100 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 100 printable characters')
    ),
    constraint product_attributes_unit_is_of_a_number check (
        unit is null
        or kind = 'number' and length(btrim(unit)) between 1 and 20 and private.is_one_line(unit)
        or private.invalid(
            'unit', 'must have 1 to 20 printable characters, and only a number has one'
        )
    ),
    constraint product_attributes_choices_fit check (
        catalog.are_attribute_choices(kind, choices)
        or private.invalid(
            'choices', 'must be 1 to 100 different texts if kind is choice, and empty otherwise'
        )
    )
);
comment on table catalog.product_attributes is
'What a business says about the products of a category, with its type.';
-- Is there an attribute of this name, at any business?
create index product_attributes_key_idx on catalog.product_attributes (key);
