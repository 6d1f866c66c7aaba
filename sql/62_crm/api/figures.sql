-- The figures of a customer.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.customer_figures(customer_id public.identifier)
returns public.customer_figures
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return crm.figures(private.to_identifier(customer_figures.customer_id, 'customer_id'));
end;
$$;
grant execute on function public.customer_figures(public.identifier)
to anon, authenticated, service_role;

comment on function public.customer_figures is
'Return how often a customer booked, came and did not come, and what they spent: counted from '
'bookings and payments themselves, those of merged '
'customers included. For members who serve customers.

- customer_id: the customer.

Errors: invalid_input 400, not_found 404, not_signed_in 401.';
