create function public.violation() returns integer language sql security definer
set search_path = '' as 'select 1';
