-- What a buyer says at checkout, and how it is read.

/*
 * Read who buys, where their goods go, and by which coupon.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_form(
    contact text,
    address text,
    delivery_option_id text,
    store_id text,
    deliveries text,
    coupon_code text,
    redeem_points text
)
returns private.order_form
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_form private.order_form = private.empty_form();
    v_contact jsonb = private.to_object(contact, 'contact', '{name,email,phone}');
begin
    v_form.contact_name = private.to_text(v_contact ->> 'name', 'contact.name', 200);
    v_form.contact_email = private.to_email(v_contact ->> 'email', 'contact.email');
    v_form.contact_phone = private.to_phone(v_contact ->> 'phone', 'contact.phone');
    v_form.address = private.to_address_of_order(address);
    v_form.wishes = private.to_wishes(delivery_option_id, store_id, deliveries);
    v_form.coupon_code = private.to_text(coupon_code, 'coupon_code', 100);
    v_form.redeem_points = private.to_whole_number(
        redeem_points, 'redeem_points', 0, 1000000, if_null => 0
    );
    return v_form;
end;
$$;

/*
 * Read an address as an order keeps it. Null stays null.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_address_of_order(value text)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_address jsonb;
    v_name text;
begin
    if value is null then
        return null;
    end if;
    v_address = jsonb_strip_nulls(
        private.to_object(
            value, 'address', '{name,line1,line2,postal_code,city,region,country,phone}'
        )
    );
    foreach v_name in array '{name,line1,line2,postal_code,city,region,phone}'::text[] loop
        perform private.to_text(v_address ->> v_name, 'address.' || v_name, 200);
        if not private.is_one_line(coalesce(v_address ->> v_name, '')) then
            perform private.invalid('address.' || v_name, 'must be one line');
        end if;
    end loop;
    if coalesce(v_address ->> 'country', '') !~ '^[A-Z]{2}$' then
        perform private.invalid(
            'address.country', 'must be a two-letter ISO 3166 code, such as DE'
        );
    end if;
    return v_address;
end;
$$;

/*
 * Read by which delivery options, or from which stores, goods are to reach the buyer: for one
 * business alone or, as a list, for several.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_wishes(delivery_option_id text, store_id text, deliveries text)
returns private.delivery_wish[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_wishes private.delivery_wish[] = array(
        select
            (
                private.to_identifier(
                    wish ->> 'delivery_option_id', 'deliveries.delivery_option_id', false
                ),
                private.to_identifier(wish ->> 'store_id', 'deliveries.store_id', false)
            )::private.delivery_wish
        from unnest(
            private.to_objects(deliveries, 'deliveries', 50, '{delivery_option_id,store_id}')
        ) as wish
    );
begin
    if num_nonnulls(delivery_option_id, store_id) > 0 then
        v_wishes = v_wishes || (
            private.to_identifier(delivery_option_id, 'delivery_option_id', false),
            private.to_identifier(store_id, 'store_id', false)
        )::private.delivery_wish;
    end if;
    return v_wishes;
end;
$$;

/*
 * Refuse a form that lacks what a checkout needs: somebody without a user says who they are, and
 * goods that are sent have an address.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function private.require_form(form private.order_form, sellers private.seller_quote[])
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if auth.uid() is null and form.contact_email is null then
        perform private.invalid('contact.email', 'is required without a user');
    end if;
    if exists (
        select 1
        from unnest(sellers) as seller
        where (seller.choice).kind = 'delivery'
    ) and num_nonnulls(
        form.address ->> 'name', form.address ->> 'line1', form.address ->> 'city'
    ) < 3 then
        perform private.invalid('address', 'must have a name, line1, city and country');
    end if;
end;
$$;

/*
 * Read a list of texts.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_texts(value text, argument text, maximum integer, length integer)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_list constant jsonb = private.to_list(to_texts.value, argument, maximum);
begin
    if exists (
        select 1 from jsonb_array_elements(v_list) as sent where jsonb_typeof(sent.value) <> 'string'
    ) then
        perform private.invalid(argument, 'must be a list of texts');
    end if;
    return array(
        select private.to_required_text(sent.value, argument, to_texts.length)
        from jsonb_array_elements_text(v_list) as sent
    );
end;
$$;

/*
 * Read how the buyer wants to pay.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_payment_wish(
    provider text,
    payment_method_id text,
    method_token text,
    save_method text,
    return_url text
)
returns money.payment_wish
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_wish money.payment_wish;
begin
    v_wish.provider = private.to_text(provider, 'provider', 40);
    v_wish.method_id = private.to_identifier(
        payment_method_id, 'payment_method_id', is_required => false
    );
    v_wish.method_token = private.to_text(method_token, 'method_token', 255);
    v_wish.saves_method = private.to_yes_no(save_method, 'save_method');
    v_wish.return_url = private.to_text(return_url, 'return_url', 2000);
    return v_wish;
end;
$$;

/*
 * Read which cart a checkout wants, and by which call: the key, and the hash of its arguments.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_wanted_cart(id uuid, key text, currency text, arguments jsonb)
returns commerce.carts
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_cart commerce.carts;
begin
    v_cart.id = to_wanted_cart.id;
    v_cart.currency = to_wanted_cart.currency;
    v_cart.checkout_key = private.to_required_text(key, 'idempotency_key', 255);
    v_cart.checkout_hash = sha256(convert_to(arguments::text, 'UTF8'));
    return v_cart;
end;
$$;
