-- Points: what a business gives back to whoever buys there. A program says how many points an
-- amount earns, what they are worth and how long they last. It stands below prices, which redeem
-- points, and sales, which use them; what earns points and takes them back is in 55_memberships.

create schema loyalty;
comment on schema loyalty is 'Programs, the points of customers, and referrals.';

create type loyalty.rounding as enum ('down', 'nearest', 'up');
create type loyalty.entry_kind as enum (
    'earned', 'clawed_back', 'redeemed', 'returned', 'adjusted', 'referral', 'expired', 'repaid'
);
