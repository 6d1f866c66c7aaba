-- Links by which anybody pays a sale.

/*
 * Make a link by which anybody who has it pays a sale. Returns it with its token, which is shown
 * once.
 * Definer: nobody has a write grant on payment_links; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function money.create_link(sale_id uuid, amount_minor bigint, expires_at timestamptz)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_sale sales.sales = money.lock_own_sale(create_link.sale_id, 'serve');
    v_token text = encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex');
    v_link money.payment_links;
begin
    insert into money.payment_links (
        business_id, sale_id, token_hash, amount_minor, expires_at, created_by, created_at
    )
    values (
        v_sale.business_id, v_sale.id, sha256(convert_to(v_token, 'UTF8')),
        create_link.amount_minor,
        coalesce(create_link.expires_at, private.now() + interval '14 days'),
        auth.uid(), private.now()
    )
    returning payment_links.* into v_link;
    return jsonb_build_object(
        'id', v_link.id, 'token', v_token, 'expires_at', v_link.expires_at
    );
end;
$$;

/*
 * Return the link of a token that can be used.
 *
 * Errors:  PT409 link_expired
 */
create function money.usable_link(token text)
returns money.payment_links
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_link money.payment_links;
begin
    select payment_links.* into v_link
    from money.payment_links
    where
        payment_links.token_hash = sha256(convert_to(usable_link.token, 'UTF8'))
        and payment_links.revoked_at is null
        and payment_links.expires_at > private.now();
    if not found then
        perform private.refuse(
            'PT409', 'link_expired', 'This link is not valid any more.',
            'Ask the business for another link.'
        );
    end if;
    return v_link;
end;
$$;
