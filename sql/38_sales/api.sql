-- What clients read about sales. All of it is read-only.

create view public.baskets
with (security_invoker = true)
as
select
    baskets.id,
    baskets.customer_id,
    baskets.currency,
    baskets.created_at
from sales.baskets;
grant select on public.baskets to authenticated, service_role;

comment on view public.baskets is 'Sales that are paid together. Customers read theirs.';
comment on column public.baskets.id is 'Key.';
comment on column public.baskets.customer_id is 'The user who pays; null for a guest.';
comment on column public.baskets.currency is 'ISO 4217 code of everything in it.';
comment on column public.baskets.created_at is 'When it was made.';

create view public.sale_revisions
with (security_invoker = true)
as
select
    sale_revisions.business_id,
    sale_revisions.sale_id,
    sale_revisions.revision,
    sale_revisions.cause,
    sale_revisions.at
from sales.sale_revisions;
grant select on public.sale_revisions to authenticated, service_role;

comment on view public.sale_revisions is
'Why the lines of a sale were written: revision 0 as agreed, each later one for a change.';
comment on column public.sale_revisions.business_id is 'The business that sold.';
comment on column public.sale_revisions.sale_id is 'The sale.';
comment on column public.sale_revisions.revision is '0 as agreed, then 1, 2, …';
comment on column public.sale_revisions.cause is
'agreed, cancelled, rejected, expired, no_show, moved, corrected, refunded, tipped or charged.';
comment on column public.sale_revisions.at is 'When it was written.';

create view public.sale_lines
with (security_invoker = true)
as
select
    sale_lines.id,
    sale_lines.business_id,
    sale_lines.sale_id,
    sale_lines.position,
    sale_lines.revision,
    sale_lines.kind,
    sale_lines.corrects_line_id,
    sale_lines.service_id,
    sale_lines.name,
    sale_lines.quantity,
    sale_lines.unit_minor,
    sale_lines.amount_minor,
    sale_lines.discount_minor,
    sale_lines.tax_minor,
    sale_lines.tax_is_included,
    sale_lines.variant_id,
    sale_lines.plan_id
from sales.sale_lines;
grant select on public.sale_lines to authenticated, service_role;

comment on view public.sale_lines is
'What a sale is made of. Lines never change; a later revision adds lines that take others back '
'or charge a fee.';
comment on column public.sale_lines.id is 'Key.';
comment on column public.sale_lines.business_id is 'The business that sold.';
comment on column public.sale_lines.sale_id is 'The sale.';
comment on column public.sale_lines.position is 'Its place in the sale: 1, 2, …';
comment on column public.sale_lines.revision is 'The revision that wrote it.';
comment on column public.sale_lines.kind is
'service, product, membership, gift_card, shipping, fee, tip, rounding or voucher: what a gift '
'card that was taxed when it was sold pays of a line, as two lines that add up to nothing.';
comment on column public.sale_lines.corrects_line_id is
'The line that it takes back, or charges a fee for; null for most.';
comment on column public.sale_lines.service_id is
'The service that was sold; null where it is none, or gone.';
comment on column public.sale_lines.plan_id is
'The membership plan that was sold; null where it is none, or gone.';
comment on column public.sale_lines.name is 'What was sold, as it was called then.';
comment on column public.sale_lines.quantity is 'How many, at least 1.';
comment on column public.sale_lines.unit_minor is
'The price of one in minor units; negative where the line takes back.';
comment on column public.sale_lines.amount_minor is 'quantity × unit_minor, before discount.';
comment on column public.sale_lines.discount_minor is 'The discount in minor units.';
comment on column public.sale_lines.tax_minor is
'The line''s share of the revision''s tax in minor units.';
comment on column public.sale_lines.tax_is_included is
'Whether amount_minor includes the tax; where it does not, the tax is owed on top.';
comment on column public.sale_lines.variant_id is
'The variant that was sold; null where it is none, or gone.';

create view public.sale_taxes
with (security_invoker = true)
as
select
    sale_taxes.business_id,
    sale_taxes.sale_id,
    sale_taxes.revision,
    sale_taxes.component,
    sale_taxes.rate_bps,
    sale_taxes.base_minor,
    sale_taxes.tax_minor,
    sale_taxes.jurisdiction,
    sale_taxes.rounding_unit,
    sale_taxes.rounding_mode
from sales.sale_taxes;
grant select on public.sale_taxes to authenticated, service_role;

comment on view public.sale_taxes is
'The tax of each revision of a sale: a row for each component and rate.';
comment on column public.sale_taxes.business_id is 'The business that sold.';
comment on column public.sale_taxes.sale_id is 'The sale.';
comment on column public.sale_taxes.revision is 'The revision whose lines are taxed.';
comment on column public.sale_taxes.component is
'The tax, such as vat. none is outside the scope of tax; exempt and reverse_charge say why nothing '
'is due.';
comment on column public.sale_taxes.rate_bps is 'The rate in basis points: 1900 is 19 %.';
comment on column public.sale_taxes.base_minor is
'The taxed lines after discount and without tax, in minor units.';
comment on column public.sale_taxes.tax_minor is
'The tax in minor units; negative where the revision takes back.';
comment on column public.sale_taxes.jurisdiction is
'The country or region that levies it; null where nothing is taxed.';
comment on column public.sale_taxes.rounding_unit is
'line: each line was rounded; rate: all lines at this rate together; null where nothing is taxed.';
comment on column public.sale_taxes.rounding_mode is
'half_up, down or up; null where nothing is taxed.';

create view public.sale_line_taxes
with (security_invoker = true)
as
select
    sale_line_taxes.business_id,
    sale_line_taxes.sale_line_id,
    sale_line_taxes.component,
    sale_line_taxes.rate_bps,
    sale_line_taxes.position,
    sale_line_taxes.is_compound,
    sale_line_taxes.jurisdiction,
    sale_line_taxes.base_minor,
    sale_line_taxes.tax_minor
from sales.sale_line_taxes;
grant select on public.sale_line_taxes to authenticated, service_role;

comment on view public.sale_line_taxes is
'The taxes of each line of a sale. They add up to those of the revision; a line without taxes has '
'no row.';
comment on column public.sale_line_taxes.business_id is 'The business that sold.';
comment on column public.sale_line_taxes.sale_line_id is 'The line.';
comment on column public.sale_line_taxes.component is 'The tax, such as vat or cgst.';
comment on column public.sale_line_taxes.rate_bps is 'The rate in basis points: 1900 is 19 %.';
comment on column public.sale_line_taxes.position is 'The order of the taxes of the line: 1, 2, …';
comment on column public.sale_line_taxes.is_compound is
'Whether it is levied on the taxes before it as well.';
comment on column public.sale_line_taxes.jurisdiction is 'The country or region that levies it.';
comment on column public.sale_line_taxes.base_minor is 'What is taxed, in minor units.';
comment on column public.sale_line_taxes.tax_minor is 'The tax in minor units.';

create view public.sale_line_discounts
with (security_invoker = true)
as
select
    sale_line_discounts.business_id,
    sale_line_discounts.sale_line_id,
    sale_line_discounts.source,
    sale_line_discounts.bearer,
    sale_line_discounts.name,
    sale_line_discounts.amount_minor
from sales.sale_line_discounts;
grant select on public.sale_line_discounts to authenticated, service_role;

comment on view public.sale_line_discounts is
'What discounts took off the lines of a sale as agreed. Customers read those of theirs, members '
'those of their business.';
comment on column public.sale_line_discounts.business_id is 'The business that sold.';
comment on column public.sale_line_discounts.sale_line_id is 'The line.';
comment on column public.sale_line_discounts.source is 'The promotion.';
comment on column public.sale_line_discounts.bearer is
'business or platform: who bears it. A shared promotion has a row for each.';
comment on column public.sale_line_discounts.name is 'The promotion, as it was called then.';
comment on column public.sale_line_discounts.amount_minor is 'What it took off, in minor units.';

create view public.sale_coupons
with (security_invoker = true)
as
select
    sale_coupons.business_id,
    sale_coupons.sale_id,
    sale_coupons.redemption_id
from sales.sale_coupons;
grant select on public.sale_coupons to authenticated, service_role;

comment on view public.sale_coupons is
'The uses of promotions by a sale; embed coupon_redemptions.';
comment on column public.sale_coupons.business_id is 'The business that sold.';
comment on column public.sale_coupons.sale_id is 'The sale.';
comment on column public.sale_coupons.redemption_id is 'The use, in coupon_redemptions.';
