select
    public.count_stock(
        %(store_id)s::text,
        jsonb_build_array(
            jsonb_build_object('variant_id', %(variant_id)s::text, 'quantity', %(quantity)s)
        )::text,
        %(note)s
    ) as corrected
