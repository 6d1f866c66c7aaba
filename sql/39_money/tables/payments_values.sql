-- Values that the functions of payments hand to each other. No table stores them.

-- What somebody wants to pay, with whom.
create type money.payment_wish as (
    business_ids uuid array,
    sale_ids uuid array,
    -- What each sale shall get; they add up to the payment.
    amounts bigint array,
    basket_id uuid,
    payer_id uuid,
    provider text,
    method_id uuid,
    method_token text,
    saves_method boolean,
    is_off_session boolean,
    return_url text
);

-- `unchanged`: everything was known. `parked`: nobody knows the object yet. `finding`: see
-- money.payment_findings.
create type money.event_outcome as enum ('applied', 'unchanged', 'parked', 'finding');
