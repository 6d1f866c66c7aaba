-- How members keep the customers of a business.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.add_customer(
    business_id public.identifier,
    name text default null,
    email text default null,
    phone text default null
)
returns public.customers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid = crm.add_customer(
        private.to_identifier(add_customer.business_id, 'business_id'),
        private.to_text(add_customer.name, 'name', 200),
        private.to_email(add_customer.email, 'email'),
        private.to_phone(add_customer.phone, 'phone')
    );
begin
    return crm.visible_customer(v_customer_id);
end;
$$;
grant execute on function public.add_customer(public.identifier, text, text, text)
to anon, authenticated, service_role;

comment on function public.add_customer is
'Write down a customer of a business who has no account. Returns the customer.

An account that has proven the same e-mail address or phone number is linked to them when it '
'first buys there, or takes its bookings over with claim_guest_bookings. For members who serve '
'customers.

- business_id: the business.
- name, email, phone: at least one of them.

Errors: forbidden 403, invalid_input 400, not_found 404, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.update_customer(
    customer_id public.identifier,
    name text default null,
    email text default null,
    phone text default null
)
returns public.customers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid = crm.update_customer(
        private.to_identifier(update_customer.customer_id, 'customer_id'),
        private.to_text(update_customer.name, 'name', 200),
        private.to_email(update_customer.email, 'email'),
        private.to_phone(update_customer.phone, 'phone')
    );
begin
    return crm.visible_customer(v_customer_id);
end;
$$;
grant execute on function public.update_customer(public.identifier, text, text, text)
to anon, authenticated, service_role;

comment on function public.update_customer is
'Change what a business knows of a customer. Returns the customer. For members who serve customers.

- customer_id: the customer.
- name, email, phone: what changes; the others stay. Another e-mail address is not proven.

Errors: forbidden 403, invalid_input 400, not_found 404, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 in_use
 */
create function public.delete_customer(customer_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform crm.delete_customer(
        private.to_identifier(delete_customer.customer_id, 'customer_id')
    );
end;
$$;
grant execute on function public.delete_customer(public.identifier)
to anon, authenticated, service_role;

comment on function public.delete_customer is
'Delete a customer who has no account, has bought nothing and holds nothing. For managers; '
'erase_person empties what is personal about any other.

- customer_id: the customer.

Errors: forbidden 403, in_use 409, invalid_input 400, not_found 404, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.import_customers(business_id public.identifier, rows public.list)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return crm.import_customers(
        private.to_identifier(import_customers.business_id, 'business_id'),
        to_jsonb(private.to_objects(
            import_customers.rows, 'rows', 1000,
            '{name,email,phone,tags,note,kind}'
        ))
    );
end;
$$;
grant execute on function public.import_customers(public.identifier, public.list)
to anon, authenticated, service_role;

comment on function public.import_customers is
'Write down many customers. Returns a list with what became of each row: {row, outcome: created, '
'updated or refused, customer_id, token, message}. A refused row changes nothing; the others are '
'kept. For managers.

- business_id: the business.
- rows: at most 1000 objects with name, email, phone, tags (words with a semicolon between '
'them), note and kind (allergy, preference, restriction or general). Whoever the business knows '
'by the same e-mail address or phone number is the same customer.

Errors: forbidden 403, invalid_input 400, not_found 404, not_signed_in 401.';
