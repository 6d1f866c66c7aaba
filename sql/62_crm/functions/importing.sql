-- Customers from a list. A row is an object with name, email, phone, tags, note and kind; whoever
-- the business knows by the same e-mail address or phone number is the same customer.

/*
 * Write down the customers of a list. Returns a report: what became of each row. A row that cannot
 * be read changes nothing; the caller undoes the others if they want all or none.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function crm.import_customers(business_id uuid, items jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_row record;
    v_report jsonb = '[]';
begin
    perform private.require_member(import_customers.business_id, 'manage');
    -- Nobody else writes the same contacts down meanwhile, as in customers.note_contact.
    perform private.lock(array[md5('contact ' || import_customers.business_id)::uuid]);
    for v_row in
        select listed.ordinality as number, listed.value as item
        from jsonb_array_elements(items) with ordinality as listed
        order by listed.ordinality
    loop
        v_report = v_report || crm.import_customer(
            import_customers.business_id, v_row.number, v_row.item
        );
    end loop;
    return v_report;
end;
$$;

/*
 * Write one row down, and say what became of it.
 */
create function crm.import_customer(business_id uuid, number bigint, item jsonb)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer customers.customers;
    v_id uuid;
    v_token text;
    v_sentence text;
begin
    v_customer = crm.to_customer(item);
    v_id = customers.known_by(
        import_customer.business_id, v_customer.email, v_customer.phone
    );
    if v_id is null then
        v_token = 'created';
        v_id = crm.add_customer(
            import_customer.business_id, v_customer.name, v_customer.email, v_customer.phone
        );
    else
        v_token = 'updated';
        perform crm.update_customer(v_id, v_customer.name, null, v_customer.phone);
    end if;
    perform crm.import_extras(import_customer.business_id, v_id, item);
    return jsonb_build_object('row', number, 'outcome', v_token, 'customer_id', v_id);
exception
    when sqlstate 'PT400' then
        get stacked diagnostics v_sentence = message_text, v_token = pg_exception_detail;
        return jsonb_build_object(
            'row', number, 'outcome', 'refused', 'token', v_token, 'message', v_sentence
        );
end;
$$;

/*
 * Read the contact of a row.
 *
 * Errors:  PT400 invalid_input
 */
create function crm.to_customer(item jsonb)
returns customers.customers
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_customer customers.customers;
begin
    v_customer.name = private.to_text(item ->> 'name', 'name', 200);
    v_customer.email = private.to_email(item ->> 'email', 'email');
    v_customer.phone = private.to_phone(item ->> 'phone', 'phone');
    return v_customer;
end;
$$;

/*
 * Write the tags and the note of a row.
 *
 * Errors:  PT400 invalid_input
 */
create function crm.import_extras(business_id uuid, customer_id uuid, item jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_note text = private.to_text(item ->> 'note', 'note', 5000);
    v_kind text = coalesce(nullif(item ->> 'kind', ''), 'general');
begin
    if v_kind <> all(enum_range(null::crm.note_kind)::text[]) then
        perform private.invalid('kind', 'must be allergy, preference, restriction or general');
    end if;
    insert into crm.customer_tags (business_id, customer_id, tag)
    select distinct import_extras.business_id, import_extras.customer_id, btrim(words.word)
    from regexp_split_to_table(item ->> 'tags', ';') as words (word)
    where btrim(words.word) <> ''
    on conflict do nothing;
    if v_note is not null and not exists (
        select 1
        from crm.customer_notes
        where
            customer_notes.business_id = import_extras.business_id
            and customer_notes.customer_id = import_extras.customer_id
            and customer_notes.body = v_note
    ) then
        insert into crm.customer_notes (business_id, customer_id, kind, body)
        values (
            import_extras.business_id, import_extras.customer_id, v_kind::crm.note_kind, v_note
        );
    end if;
end;
$$;
