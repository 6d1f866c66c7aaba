-- What is taken out of stock when a variant is sold.

/*
 * Return the variants, and how many pieces of each, that are taken out of stock for some pieces of
 * a variant: those of a bundle, or the variant itself.
 */
create function catalog.components(variant_id uuid, quantity integer)
returns setof catalog.component
language plpgsql
stable
security invoker
rows 2
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select bundle_items.variant_id, bundle_items.quantity * components.quantity
    from catalog.bundle_items
    where bundle_items.bundle_variant_id = components.variant_id;
    if not found then
        return query
        select components.variant_id, components.quantity;
    end if;
end;
$$;
