-- Each price is noted when it is written.

/*
 * Note the price of a service in the history.
 * Definer: nobody writes the history but this.
 */
create function pricing.services__note_price()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into pricing.price_history (
        business_id, service_id, currency, unit_minor, from_at
    )
    values (new.business_id, new.id, new.currency, new.price_minor, private.now());
    return null;
end;
$$;

create trigger _500_note_price
after insert on catalog.services
for each row
execute function pricing.services__note_price();

create trigger _510_note_price
after update on catalog.services
for each row
when (old.price_minor <> new.price_minor or old.currency <> new.currency)
execute function pricing.services__note_price();

/*
 * Note the price of an add-on in the history.
 * Definer: nobody writes the history but this.
 */
create function pricing.service_addons__note_price()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into pricing.price_history (
        business_id, addon_id, currency, unit_minor, from_at
    )
    select new.business_id, new.id, services.currency, new.price_minor, private.now()
    from catalog.services
    where services.business_id = new.business_id and services.id = new.service_id;
    return null;
end;
$$;

create trigger _500_note_price
after insert on catalog.service_addons
for each row
execute function pricing.service_addons__note_price();

create trigger _510_note_price
after update on catalog.service_addons
for each row
when (old.price_minor <> new.price_minor)
execute function pricing.service_addons__note_price();

/*
 * Note the price of a variant in the history.
 * Definer: nobody writes the history but this.
 */
create function pricing.product_variants__note_price()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into pricing.price_history (
        business_id, variant_id, currency, unit_minor, from_at
    )
    select new.business_id, new.id, products.currency, new.price_minor, private.now()
    from catalog.products
    where products.business_id = new.business_id and products.id = new.product_id;
    return null;
end;
$$;

create trigger _500_note_price
after insert on catalog.product_variants
for each row
execute function pricing.product_variants__note_price();

create trigger _510_note_price
after update on catalog.product_variants
for each row
when (old.price_minor <> new.price_minor)
execute function pricing.product_variants__note_price();

/*
 * Note the price of a price list's item in the history, and that it has none any more when the item
 * is deleted or moved.
 * Definer: nobody writes the history but this.
 */
create function pricing.price_list_items__note_price()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if tg_op <> 'INSERT' and (
        tg_op = 'DELETE'
        or (old.service_id, old.addon_id, old.variant_id, old.min_quantity)
        is distinct from (new.service_id, new.addon_id, new.variant_id, new.min_quantity)
    ) then
        perform pricing.note_item_price(old, null);
    end if;
    if tg_op <> 'DELETE' then
        perform pricing.note_item_price(new, new.unit_minor);
    end if;
    return null;
end;
$$;

create trigger _500_note_price
after insert or update or delete on pricing.price_list_items
for each row
execute function pricing.price_list_items__note_price();
