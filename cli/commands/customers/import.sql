select
    jsonb_build_object(
        'rows', public.import_customers(%(business_id)s::text, %(rows)s::text)
    ) as report
