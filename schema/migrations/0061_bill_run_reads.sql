-- Meters that ever had another ratio than 1 are few: whoever asks for them finds them without a look at all the others.
create index on sanbiao.meter_ratio (operator_id, meter_id) where ratio <> 1;
