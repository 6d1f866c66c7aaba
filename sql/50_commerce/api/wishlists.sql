-- Wishlists, and products side by side.

create view public.wishlist_items
with (security_invoker = true)
as
select
    wishlist_items.id,
    wishlist_items.user_id,
    wishlist_items.business_id,
    wishlist_items.variant_id,
    wishlist_items.wants_notice,
    wishlist_items.created_at
from commerce.wishlist_items;
grant select, insert, update, delete on public.wishlist_items to authenticated, service_role;

comment on view public.wishlist_items is
'The caller''s wishlist: variants to remember. Nobody else reads it.';
comment on column public.wishlist_items.id is 'Key.';
comment on column public.wishlist_items.user_id is 'The user; the caller unless said otherwise.';
comment on column public.wishlist_items.business_id is 'The business of the variant.';
comment on column public.wishlist_items.variant_id is 'The variant, once on a wishlist.';
comment on column public.wishlist_items.wants_notice is
'Whether the user is told when a store has the variant again. It is false once they were told.';
comment on column public.wishlist_items.created_at is 'When it was added.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.compare_products(ids public.list)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_ids constant uuid[] = array(
        select private.to_identifier(sent.id, 'ids')
        from jsonb_array_elements_text(private.to_list(ids, 'ids', 8))
            with ordinality as sent (id, place)
        order by sent.place
    );
begin
    if cardinality(v_ids) = 0 then
        perform private.invalid('ids', 'is required');
    end if;
    if exists (
        select 1
        from unnest(v_ids) as wanted (id)
        where not exists (select 1 from public.products where products.id = wanted.id)
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such product.', 'Check the ids in the view products.'
        );
    end if;
    return jsonb_build_object(
        'products', v_ids,
        'attributes', commerce.compare_products(v_ids)
    );
end;
$$;
comment on function public.compare_products is
'Put products side by side.

Returns {products, attributes}: the ids as they were sent, and the attributes in which they can '
'differ, each {key, label, values} with a value for each product in the same order; null where a '
'product has none.

- ids: the ids of 1 to 8 products.

Errors: invalid_input 400, not_found 404.';

grant execute on function public.compare_products(public.list)
to anon, authenticated, service_role;
