-- Orders in which pages look: gaps of a meter, entries by day, bills of a month, places.

create index gap_of_meter on sanbiao.gap (operator_id, meter_id, from_at);
create index journal_by_time on sanbiao.journal (operator_id, occurred_at);
create index bill_by_period on sanbiao.bill (operator_id, period_from, number);
create index usage_point_by_place on sanbiao.usage_point (operator_id, building, room);
