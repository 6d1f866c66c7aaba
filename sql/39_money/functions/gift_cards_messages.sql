-- What people are told of gift cards, and who hears of it. Both are registered as a subject in the
-- seed; the texts are those of 70_notifications.

/*
 * Return what templates may say about gift cards. The code is not in it: nothing keeps it.
 */
create function money.gift_card_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'gift_card_id', gift_cards.id,
            'business_id', gift_cards.business_id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'code_end', gift_cards.last4,
            'balance', jsonb_build_object(
                'minor', - money.balance(gift_cards.account_id),
                'currency', currencies.code,
                'digits', currencies.minor_digits
            ),
            'expires_at', gift_cards.expires_at,
            'time_zone', businesses.time_zone
        )
    from unnest(gift_card_data.messages) as messages
    inner join money.gift_cards on gift_cards.id = messages.subject_id
    inner join business.businesses on businesses.id = gift_cards.business_id
    inner join pricing.currencies on currencies.code = gift_cards.currency;
end;
$$;

/*
 * Return who hears of a gift card: the account that bought it, or the address of its sale.
 */
create function money.gift_card_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        profiles.id,
        coalesce(profiles.email, sales.customer_email),
        profiles.phone,
        coalesce(profiles.locale, businesses.locale),
        null::jsonb
    from unnest(gift_card_readers.messages) as messages
    inner join money.gift_cards on gift_cards.id = messages.subject_id
    inner join business.businesses on businesses.id = gift_cards.business_id
    left join sales.sale_lines
        on
            sale_lines.business_id = gift_cards.business_id
            and sale_lines.id = gift_cards.sale_line_id
    left join sales.sales
        on sales.business_id = sale_lines.business_id and sales.id = sale_lines.sale_id
    left join identity.profiles on profiles.id = gift_cards.buyer_id
    where
        audience = 'customer'
        and coalesce(profiles.email, sales.customer_email) is not null;
end;
$$;
