-- End the block of a customer, as the operator.
select (public.unblock_customer(%(customer)s::text)).id as id
