-- Undo a merger, as the operator.
select (public.unmerge_customers(%(merger)s::text)).id as id
