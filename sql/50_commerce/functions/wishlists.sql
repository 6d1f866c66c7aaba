-- What a notification says about an item of a wishlist; its owner alone reads it.

/*
 * Return what templates may say about items of wishlists.
 */
create function commerce.wishlist_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'business_id', wishlist_items.business_id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'product_name', products.name
        )
    from unnest(wishlist_data.messages) as messages
    inner join commerce.wishlist_items on wishlist_items.id = messages.subject_id
    inner join catalog.product_variants on product_variants.id = wishlist_items.variant_id
    inner join catalog.products on products.id = product_variants.product_id
    inner join business.businesses on businesses.id = wishlist_items.business_id;
end;
$$;

/*
 * Return the owners of wishlists.
 */
create function commerce.wishlist_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        jsonb_build_object('customer_name', coalesce(profiles.full_name, profiles.email, ''))
    from unnest(wishlist_readers.messages) as messages
    inner join commerce.wishlist_items on wishlist_items.id = messages.subject_id
    inner join identity.profiles on profiles.id = wishlist_items.user_id
    where audience = 'customer';
end;
$$;
