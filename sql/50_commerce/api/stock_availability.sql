-- Whether and where a variant can be bought, and the nearest stores.

/*
 * Errors:  PT400 invalid_input
 */
create function public.variant_availability(variant_id public.identifier)
returns table (
    store_id uuid, state text, available integer, expected_on date, preorder_until timestamptz
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select sold.*
    from commerce.variant_availability(private.to_identifier(variant_id, 'variant_id')) as sold
    limit 200;
end;
$$;
comment on function public.variant_availability is
'Return in which stores a variant can be bought now, in the order of the stores.

One row for each of at most 200 stores: store_id; state, which is in_stock, preorder, backorder or '
'out_of_stock; available, how many pieces can be ordered, shown up to 100; expected_on, when '
'missing pieces are expected; preorder_until, until when it can be ordered before it comes. No '
'rows for a variant that is not sold.

- variant_id: the variant.

Errors: invalid_input 400.';

/*
 * Errors:  PT400 invalid_input
 */
create function public.nearest_stores(
    near public.place,
    business_id public.identifier default null,
    variant_id public.identifier default null,
    has_pickup public.yes_no default null,
    page_size public.whole_number default '20'
)
returns table (
    store_id uuid,
    name text,
    line1 text,
    postal_code text,
    city text,
    latitude double precision,
    longitude double precision,
    is_pickup boolean,
    is_open boolean,
    kilometres double precision
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_near constant double precision[] = private.to_place(near, 'near');
begin
    if v_near is null then
        perform private.invalid('near', 'is required');
    end if;
    return query
    select
        stores.id,
        stores.name,
        stores.line1,
        stores.postal_code,
        stores.city,
        stores.latitude,
        stores.longitude,
        stores.is_pickup,
        commerce.is_store_open(stores, private.now()),
        found.kilometres
    from commerce.nearest_stores(
        v_near[1],
        v_near[2],
        private.to_identifier(nearest_stores.business_id, 'business_id', false),
        private.to_identifier(nearest_stores.variant_id, 'variant_id', false),
        private.to_yes_no(nearest_stores.has_pickup, 'has_pickup'),
        private.to_whole_number(
            nearest_stores.page_size, 'page_size', 1, 100, if_null => 20
        )
    ) as found
    inner join business.stores on stores.id = found.store_id
    order by found.kilometres, stores.id;
end;
$$;
comment on function public.nearest_stores is
'Return the stores around a place, the nearest first.

Rows with the address of the store, is_pickup, is_open (by its hours, now) and kilometres over '
'ground.

- near: a place.
- business_id: only stores of this business.
- variant_id: only stores that can sell this variant now.
- has_pickup: true for stores from which orders can be picked up only.
- page_size: at most so many stores, from 1 to 100.

Errors: invalid_input 400.';

grant execute on function
public.variant_availability(public.identifier),
public.nearest_stores(
    public.place, public.identifier, public.identifier, public.yes_no, public.whole_number
)
to anon, authenticated, service_role;
