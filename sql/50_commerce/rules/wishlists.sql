-- What follows when a wishlist is written, and when something on it is in stock again.

create trigger _010_refuse_bad_input
before insert or update on commerce.wishlist_items
for each row execute function private.any__refuse_bad_input();

create trigger _510_announce_deletion
after delete on commerce.wishlist_items
for each row execute function private.any__announce_deletion('wishlist');

/*
 * Tell those who wait for a variant that a store has it again, each once.
 * Definer: wishlists are their owners' alone.
 */
create function commerce.stock_levels__tell_wishers()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_ids uuid[];
begin
    with told as (
        update commerce.wishlist_items
        set wants_notice = false
        where
            wishlist_items.business_id = new.business_id
            and wishlist_items.variant_id = new.variant_id
            and wishlist_items.wants_notice
        returning wishlist_items.id
    )

    select array_agg(told.id) into v_ids from told;
    if v_ids is not null then
        perform private.emit_all(
            array_agg('wishlist.in_stock'::text),
            array_agg(jsonb_build_object('wishlist_item_id', item.id)),
            array_agg(null::timestamptz)
        )
        from unnest(v_ids) as item (id);
    end if;
    return null;
end;
$$;

create trigger _500_tell_wishers
after update of on_hand on commerce.stock_levels
for each row
when (old.on_hand <= 0 and new.on_hand > 0)
execute function commerce.stock_levels__tell_wishers();
