-- What clients read about payments. All but a business's settings is read-only.

create view public.payment_settings
with (security_invoker = true)
as
select
    payment_settings.business_id,
    payment_settings.providers,
    payment_settings.capture,
    payment_settings.prepayment_bps,
    payment_settings.updated_at,
    payment_settings.accepts_platform_gift_cards,
    payment_settings.sells_platform_gift_cards,
    payment_settings.gift_card_valid_months,
    payment_settings.breakage_release_days
from money.payment_settings;
grant select on public.payment_settings to anon, authenticated, service_role;
grant
insert (
    business_id, providers, capture, prepayment_bps, accepts_platform_gift_cards,
    gift_card_valid_months, breakage_release_days
),
update (
    providers, capture, prepayment_bps, accepts_platform_gift_cards, gift_card_valid_months,
    breakage_release_days
),
delete
on public.payment_settings to authenticated, service_role;
grant
insert (sells_platform_gift_cards), update (sells_platform_gift_cards)
on public.payment_settings to service_role;

comment on view public.payment_settings is
'How customers of a business pay. Without a row: with every provider, at once, and nothing '
'before a booking is confirmed. Owners and managers write it.';
comment on column public.payment_settings.business_id is 'The business.';
comment on column public.payment_settings.providers is
'The providers that customers may choose; empty: every one.';
comment on column public.payment_settings.capture is
'now: money is taken at once. later: it is reserved until capture_payment.';
comment on column public.payment_settings.prepayment_bps is
'The share of a booking''s total, in basis points, that must be paid before it is confirmed: 0 '
'nothing, 10000 all. A service may say otherwise.';
comment on column public.payment_settings.updated_at is 'When it was last changed.';
comment on column public.payment_settings.accepts_platform_gift_cards is
'Whether gift cards of the platform pay here; it is owed what they pay like any other payment.';
comment on column public.payment_settings.sells_platform_gift_cards is
'Whether the gift cards that it sells are the platform''s. Only the operator writes it.';
comment on column public.payment_settings.gift_card_valid_months is
'How many months the gift cards that it sells can be spent, 1 to 1200, counted from their sale; '
'null: always. A card that is sold with an end of its own keeps that one.';
comment on column public.payment_settings.breakage_release_days is
'How many days after a gift card expired what was left on it belongs to the business and is paid '
'out, 0 to 36500; null: never. Ask what the law of the place allows.';

create view public.payment_ranges
with (security_invoker = true)
as
select
    payment_ranges.business_id,
    payment_ranges.provider,
    payment_ranges.currency,
    payment_ranges.min_minor,
    payment_ranges.max_minor
from money.payment_ranges;
grant select on public.payment_ranges to anon, authenticated, service_role;
grant insert (business_id, provider, currency, min_minor, max_minor)
on public.payment_ranges to authenticated, service_role;
grant update (min_minor, max_minor) on public.payment_ranges to authenticated, service_role;
grant delete on public.payment_ranges to authenticated, service_role;

comment on view public.payment_ranges is
'In which currencies, and for which amounts of one payment, customers of a business may choose a '
'provider. A provider without a row here may be chosen for each. Owners and managers write it.';
comment on column public.payment_ranges.business_id is 'The business.';
comment on column public.payment_ranges.provider is 'The provider, such as stripe.';
comment on column public.payment_ranges.currency is 'ISO 4217 code of the payment.';
comment on column public.payment_ranges.min_minor is
'The least amount of a payment, in minor units; 0 by default.';
comment on column public.payment_ranges.max_minor is
'The greatest amount of a payment, in minor units; null: none.';

create view public.payment_methods
with (security_invoker = true)
as
select
    payment_methods.id,
    payment_methods.user_id,
    payment_methods.provider,
    payment_methods.brand,
    payment_methods.last4,
    payment_methods.expires_on,
    payment_methods.created_at,
    payment_methods.removed_at
from money.payment_methods;
grant select on public.payment_methods to authenticated, service_role;

comment on view public.payment_methods is 'Saved cards and the like: each user reads their own.';
comment on column public.payment_methods.id is 'Key.';
comment on column public.payment_methods.user_id is 'Whose it is.';
comment on column public.payment_methods.provider is 'The provider that keeps it.';
comment on column public.payment_methods.brand is 'What it is, such as visa.';
comment on column public.payment_methods.last4 is 'The last four digits.';
comment on column public.payment_methods.expires_on is
'The last day on which it can pay; null where it does not expire.';
comment on column public.payment_methods.created_at is 'When it was saved.';
comment on column public.payment_methods.removed_at is 'When it was removed; null: it can be used.';

create view public.payments
with (security_invoker = true)
as
select
    payments.id,
    payments.basket_id,
    payments.payer_id,
    payments.provider,
    payments.method_id,
    payments.currency,
    payments.amount_minor,
    payments.capture,
    payments.to_capture_minor,
    payments.captured_minor,
    payments.refunded_minor,
    payments.status,
    payments.failure,
    payments.expires_at,
    payments.created_at,
    payments.updated_at
from money.payments;
grant select on public.payments to authenticated, service_role;

comment on view public.payments is
'Payments: the payer reads theirs, the platform''s finance all. A business reads '
'payment_parts. Page by (created_at, id).';
comment on column public.payments.id is 'Key.';
comment on column public.payments.basket_id is 'The basket that it pays; null where it pays sales.';
comment on column public.payments.payer_id is 'The user who pays; null for a guest.';
comment on column public.payments.provider is 'With whom it is paid, such as stripe or cash.';
comment on column public.payments.method_id is 'The saved method that pays; null for another.';
comment on column public.payments.currency is 'ISO 4217 code of every amount.';
comment on column public.payments.amount_minor is 'What is to be paid, in minor units.';
comment on column public.payments.capture is 'now or later.';
comment on column public.payments.to_capture_minor is 'What is taken or to be taken of it.';
comment on column public.payments.captured_minor is 'What was taken in all.';
comment on column public.payments.refunded_minor is 'What was given back.';
comment on column public.payments.status is
'pending, requires_action, failed, authorized, cancelled, expired, partially_captured, '
'captured, partially_refunded, refunded or disputed.';
comment on column public.payments.failure is 'Why it failed, as a token; null where it did not.';
comment on column public.payments.expires_at is 'Until when it can be paid.';
comment on column public.payments.created_at is 'When it began.';
comment on column public.payments.updated_at is 'When it last changed.';

create view public.payment_parts
with (security_invoker = true)
as
select
    payment_parts.business_id,
    payment_parts.sale_id,
    payment_parts.payment_id,
    payment_parts.provider,
    payment_parts.currency,
    payment_parts.status,
    payment_parts.amount_minor,
    payment_parts.authorized_minor,
    payment_parts.captured_minor,
    payment_parts.refunding_minor,
    payment_parts.refunded_minor,
    payment_parts.created_at
from money.payment_parts;
grant select on public.payment_parts to authenticated, service_role;

comment on view public.payment_parts is
'How much of each payment pays which sale: members read those of their business, payers '
'theirs. Page by (created_at, payment_id).';
comment on column public.payment_parts.business_id is 'The business that is paid.';
comment on column public.payment_parts.sale_id is 'The sale that is paid.';
comment on column public.payment_parts.payment_id is 'The payment.';
comment on column public.payment_parts.provider is 'With whom it is paid.';
comment on column public.payment_parts.currency is 'ISO 4217 code of every amount.';
comment on column public.payment_parts.status is 'The payment''s status.';
comment on column public.payment_parts.amount_minor is
'What is to be paid for the sale, in minor units.';
comment on column public.payment_parts.authorized_minor is 'What is reserved.';
comment on column public.payment_parts.captured_minor is 'What was taken.';
comment on column public.payment_parts.refunding_minor is 'What is about to be given back.';
comment on column public.payment_parts.refunded_minor is 'What was given back.';
comment on column public.payment_parts.created_at is 'When the payment began.';
