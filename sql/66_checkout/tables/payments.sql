-- What is paid with one payment.

-- What may be paid together, and what of each sale must be paid before anything happens.
create type private.payable as (
    business_ids uuid array,
    sale_ids uuid array,
    due_minor bigint array,
    -- What is due now: a prepayment that is missing. 0: nothing is due yet.
    due_now_minor bigint array,
    basket_id uuid,
    payer_id uuid
);
