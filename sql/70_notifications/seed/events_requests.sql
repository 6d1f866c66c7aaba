-- What is told of things that wait for a decision: changes of products, and what buyers of a
-- company ask to order. The domain of commerce registers the subjects.

insert into engagement.variables (subject, name, type, description)
values
('product_change', 'business_name', 'text', 'Name of the business'),
('product_change', 'product_name', 'text', 'Name of the product'),
('product_change', 'note', 'text', 'What the proposer says about it; may be empty'),
('product_change', 'reason', 'text', 'Why it was rejected; may be empty'),
('order_request', 'reader_name', 'text', 'Name of the reader'),
('order_request', 'business_name', 'text', 'Name of the business'),
('order_request', 'company_name', 'text', 'Name of the company'),
('order_request', 'buyer_name', 'text', 'Name of the buyer who asks'),
('order_request', 'total', 'money', 'What it cost when it was asked for'),
('order_request', 'note', 'text', 'What the buyer says about it; may be empty'),
('order_request', 'reason', 'text', 'Why it was rejected; may be empty')
on conflict (subject, name) do update
    set type = excluded.type, description = excluded.description;

insert into engagement.events (
    name, subject, description, is_mandatory, is_marketing, condition
)
values
('product_change.pending', 'product_change', 'A change of a product waits', false, false, null),
('product_change.approved', 'product_change', 'A change is approved', false, false, null),
('product_change.rejected', 'product_change', 'A change is rejected', false, false, null),
('order_request.requested', 'order_request', 'A buyer asks to order', false, false, null),
('order_request.approved', 'order_request', 'A request to order is approved', false, false, null),
('order_request.rejected', 'order_request', 'A request to order is rejected', false, false, null)
on conflict (name) do update
    set
        description = excluded.description,
        is_mandatory = excluded.is_mandatory,
        is_marketing = excluded.is_marketing,
        condition = excluded.condition;

insert into engagement.notices (event, audience, channels)
values
('product_change.pending', 'platform', '{mail,in_app}'),
('product_change.approved', 'business', '{mail,in_app}'),
('product_change.rejected', 'business', '{mail,in_app}'),
('order_request.requested', 'customer', '{mail,push,in_app}'),
('order_request.approved', 'customer', '{mail,in_app}'),
('order_request.rejected', 'customer', '{mail,in_app}')
on conflict (event, audience) do nothing;
