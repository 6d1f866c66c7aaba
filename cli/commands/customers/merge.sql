-- Merge a customer into another one, as the operator.
select (public.merge_customers(%(customer)s::text, %(duplicate)s::text)).id as id
