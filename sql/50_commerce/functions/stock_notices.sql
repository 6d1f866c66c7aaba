-- What a notification says about a variant that runs low, and who reads it: the owners and managers
-- of the business.

/*
 * Return what templates may say about variants that run low.
 */
create function commerce.stock_data(messages private.subject_message[])
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
            'business_id', product_variants.business_id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'product_name', products.name,
            'sku', product_variants.sku,
            'store_name', stores.name,
            'on_hand', (messages.payload ->> 'on_hand')::integer
        )
    from unnest(stock_data.messages) as messages
    inner join catalog.product_variants on product_variants.id = messages.subject_id
    inner join catalog.products on products.id = product_variants.product_id
    inner join business.businesses on businesses.id = product_variants.business_id
    inner join business.stores on stores.id = (messages.payload ->> 'store_id')::uuid;
end;
$$;

/*
 * Return the owners and managers of the businesses whose variants run low.
 */
create function commerce.stock_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select readers.*
    from unnest(stock_readers.messages) as messages
    inner join catalog.product_variants on product_variants.id = messages.subject_id
    cross join lateral
    business.manager_readers(product_variants.business_id, messages.ordinal) as readers
    where audience = 'business';
end;
$$;
