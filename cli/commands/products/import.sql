select
    public.bulk_upsert_products(%(business_id)s::text, %(rows)s::text, 'report') as report
