-- Block a customer, as the operator.
select (public.block_customer(%(customer)s::text, %(reason)s::text)).id as id
