-- How countries round tax, and reference rates. A business that needs other rates, such as the
-- stacked rate of its town in the United States, writes rows of its own.

insert into pricing.tax_places (
    country, is_in_eu, prices_include_tax, rounding_unit, rounding_mode, rounding_units,
    rounding_modes
)
select
    countries.code,
    true as is_in_eu,
    true as prices_include_tax,
    'rate'::pricing.rounding_unit as rounding_unit,
    'half_up'::pricing.rounding_mode as rounding_mode,
    array['rate'::pricing.rounding_unit] as rounding_units,
    array['half_up'::pricing.rounding_mode] as rounding_modes
from
    unnest(
        string_to_array(
            'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK', ' '
        )
    ) as countries (code)
on conflict do nothing;

insert into pricing.tax_places (
    country, prices_include_tax, rounding_unit, rounding_mode, rounding_units, rounding_modes
)
values
('AU', true, 'rate', 'half_up', '{rate,line}', '{half_up}'),
('CA', false, 'rate', 'half_up', '{rate,line}', '{half_up}'),
-- Traders who invoice may round the total down as well.
('GB', true, 'rate', 'half_up', '{rate,line}', '{half_up,down}'),
-- CGST must equal SGST on each line.
('IN', true, 'line', 'half_up', '{line}', '{half_up}'),
-- Once for each rate of an invoice; how is the seller's choice.
('JP', true, 'rate', 'down', '{rate}', '{down,up,half_up}'),
-- The seller elects.
('US', false, 'line', 'half_up', '{line,rate}', '{half_up}')
on conflict do nothing;

insert into pricing.tax_rules (
    country, region, tax_class, component, rate_bps, position, reach, during
)
values
('AU', null, 'standard', 'gst', 1000, 1, 'always', '[2000-07-01,)'),
('AU', null, 'zero', 'gst', 0, 1, 'always', '[2000-07-01,)'),
('CA', null, 'standard', 'gst', 500, 1, 'always', '[2008-01-01,)'),
('CA', 'CA-QC', 'standard', 'qst', 997.5, 2, 'always', '[2013-01-01,)'),
('CA', 'CA-BC', 'standard', 'pst', 700, 2, 'always', '[2013-04-01,)'),
('DE', null, 'standard', 'vat', 1900, 1, 'always', '[2007-01-01,2020-07-01)'),
('DE', null, 'reduced', 'vat', 700, 1, 'always', '[2007-01-01,2020-07-01)'),
('DE', null, 'standard', 'vat', 1600, 1, 'always', '[2020-07-01,2021-01-01)'),
('DE', null, 'reduced', 'vat', 500, 1, 'always', '[2020-07-01,2021-01-01)'),
('DE', null, 'standard', 'vat', 1900, 1, 'always', '[2021-01-01,)'),
('DE', null, 'reduced', 'vat', 700, 1, 'always', '[2021-01-01,)'),
('FR', null, 'standard', 'vat', 2000, 1, 'always', '[2014-01-01,)'),
('FR', null, 'intermediate', 'vat', 1000, 1, 'always', '[2014-01-01,)'),
('FR', null, 'reduced', 'vat', 550, 1, 'always', '[2014-01-01,)'),
('FR', null, 'super_reduced', 'vat', 210, 1, 'always', '[2014-01-01,)'),
('GB', null, 'standard', 'vat', 2000, 1, 'always', '[2011-01-04,)'),
('GB', null, 'reduced', 'vat', 500, 1, 'always', '[1997-09-01,)'),
('GB', null, 'zero', 'vat', 0, 1, 'always', '[1973-04-01,)'),
('IN', null, 'standard', 'cgst', 900, 1, 'within_region', '[2017-07-01,)'),
('IN', null, 'standard', 'sgst', 900, 2, 'within_region', '[2017-07-01,)'),
('IN', null, 'standard', 'igst', 1800, 1, 'between_regions', '[2017-07-01,)'),
('IN', null, 'intermediate', 'cgst', 600, 1, 'within_region', '[2017-07-01,2025-09-22)'),
('IN', null, 'intermediate', 'sgst', 600, 2, 'within_region', '[2017-07-01,2025-09-22)'),
('IN', null, 'intermediate', 'igst', 1200, 1, 'between_regions', '[2017-07-01,2025-09-22)'),
('IN', null, 'reduced', 'cgst', 250, 1, 'within_region', '[2017-07-01,)'),
('IN', null, 'reduced', 'sgst', 250, 2, 'within_region', '[2017-07-01,)'),
('IN', null, 'reduced', 'igst', 500, 1, 'between_regions', '[2017-07-01,)'),
('JP', null, 'standard', 'consumption_tax', 800, 1, 'always', '[2014-04-01,2019-10-01)'),
('JP', null, 'standard', 'consumption_tax', 1000, 1, 'always', '[2019-10-01,)'),
('JP', null, 'reduced', 'consumption_tax', 800, 1, 'always', '[2019-10-01,)'),
('US', 'US-CA', 'standard', 'sales_tax', 725, 1, 'always', '[2017-01-01,)'),
('US', 'US-NY', 'standard', 'sales_tax', 400, 1, 'always', '[2005-06-01,)'),
('US', 'US-TX', 'standard', 'sales_tax', 625, 1, 'always', '[1990-07-01,)')
on conflict do nothing;
